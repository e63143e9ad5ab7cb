import type { FastifyInstance } from 'fastify';
import { decodeValue, type Encodable, encode, mapEntries, parseJson, Raw } from '../wire/index.ts';
import { ApiProblem } from './problem.ts';

/**
 * Bodies of requests, in JSON or CBOR. Either way the member `payload` becomes the CBOR bytes that clients receive: CBOR
 * byte for byte, JSON by the mapping of docs/api.md.
 */

/** Registers the parsers of both content types, in place of fastify's own. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) => {
    return text === '' ? undefined : bodyOfJson(text);
  });
  app.addContentTypeParser('application/cbor', { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) => {
    return bodyOfCbor(bytes);
  });
}

function bodyOfJson(text: string): unknown {
  const body = parseJson(text);
  if (!isMap(body)) return body;
  const { payload } = body;
  return isMap(payload) ? { ...body, payload: new Raw(encode(payload)) } : body;
}

function isMap(value: Encodable | undefined): value is { readonly [key: string]: Encodable | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Raw);
}

function bodyOfCbor(bytes: Buffer): unknown {
  const entries = mapEntries(bytes, 0, bytes.length);
  if (entries === null) throw new ApiProblem(400, 'malformed', 'The body is not a CBOR map with distinct text keys');
  const body: [string, unknown][] = entries.map(({ key, valueStart, end }) => {
    const item = bytes.subarray(valueStart, end);
    const isPayload = key === 'payload' && mapEntries(item, 0, item.length) !== null;
    return [key, isPayload ? new Raw(item) : plainValue(decodeValue(item))];
  });
  return Object.fromEntries(body);
}

/** Maps as objects, for the schemas. */
function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, entry]) => [String(key), plainValue(entry)]));
}

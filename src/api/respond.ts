import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Encodable, encode, jsonOf } from '../wire/index.ts';

const JSON_TYPE = 'application/json';
const CBOR_TYPE = 'application/cbor';

/** True when the caller prefers CBOR: it names that type and not JSON before it. */
function wantsCbor({ headers }: FastifyRequest): boolean {
  const accepted = (headers.accept ?? '').toLowerCase();
  const cbor = accepted.indexOf(CBOR_TYPE);
  const json = accepted.indexOf(JSON_TYPE);
  return cbor >= 0 && (json < 0 || cbor < json);
}

/** Answers with `document`: as CBOR to those who ask for it, as JSON to all others. */
export function respond(request: FastifyRequest, reply: FastifyReply, status: number, document: Encodable) {
  const item = encode(document);
  const vary = reply.getHeader('vary');
  reply.code(status).header('vary', vary === undefined ? 'accept' : `${String(vary)}, accept`);
  if (wantsCbor(request)) return reply.type(CBOR_TYPE).send(item);
  return reply.type(`${JSON_TYPE}; charset=utf-8`).send(`${jsonOf(item)}\n`);
}

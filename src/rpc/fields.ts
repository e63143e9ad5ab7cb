import { copyValue, decodeEntry, decodeValue, type Entry, hasValue, mapEntries, Raw } from '../wire/index.ts';
import { RpcError, type RpcRequest } from './method.ts';

function invalid(details: string): RpcError {
  return new RpcError('INVALID_ARGUMENT', details);
}

/** The request in `body`, which may be a slice of a larger buffer. */
export function parseRequest(body: Buffer): RpcRequest {
  const entries = mapEntries(body, 0, body.length);
  if (entries === null) throw invalid('Request is not a readable CBOR map with text keys');
  return { bytes: body, entries };
}

/** An optional text field. */
export function textField(request: RpcRequest, key: string): string | null {
  if (presentEntry(request, key) === null) return null;
  const value = decodeEntry(request.bytes, request.entries, key);
  if (typeof value !== 'string') throw invalid(`${key} must be a text`);
  return value;
}

/** An optional list of texts. */
export function textListField(request: RpcRequest, key: string): string[] | null {
  if (presentEntry(request, key) === null) return null;
  const value = decodeEntry(request.bytes, request.entries, key);
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalid(`${key} must be a list of texts`);
  }
  return value;
}

/** An optional map with text keys, as it was encoded. */
export function mapField(request: RpcRequest, key: string): Buffer | null {
  const entry = presentEntry(request, key);
  if (entry === null) return null;
  const bytes = copyValue(request.bytes, entry);
  if (mapEntries(bytes, 0, bytes.length) === null) throw invalid(`${key} must be a map with text keys`);
  return bytes;
}

/** A required integer to be echoed exactly: beyond 2^53 it stays as it was encoded. */
export function integerField(request: RpcRequest, key: string): Raw | number {
  const entry = presentEntry(request, key);
  const value = entry === null ? undefined : decodeValue(request.bytes.subarray(entry.valueStart, entry.end));
  if (entry !== null && typeof value === 'bigint') return new Raw(copyValue(request.bytes, entry));
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalid(`${key} must be an integer`);
  return value;
}

/** The entry of `key`, or null when it is absent or null. */
function presentEntry({ bytes, entries }: RpcRequest, key: string): Entry | null {
  const entry = entries.find((candidate) => candidate.key === key);
  return hasValue(bytes, entry) ? entry : null;
}

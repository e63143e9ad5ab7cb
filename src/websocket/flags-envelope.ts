import type { Envelope, EnvelopeMessage, Header, ParseResult } from './envelope.ts';

/*
 * Clients from 14 June 2025 on:
 *   0..3  stream id, big-endian
 *   4     flags: 01 end of stream, 02 metadata
 *   5..   metadata: JSON {"headers":[{"name","value"},…],"methodPath"?}; data: gRPC messages
 */

const HEAD_BYTES = 5;
const FLAG_END = 0x01;
const FLAG_METADATA = 0x02;
const NO_HEADERS: readonly Header[] = [];

export const flagsEnvelope: Envelope = {
  name: 'flags',

  isMetadata(bytes: Buffer, start: number): boolean {
    return ((bytes[start + 4] as number) & FLAG_METADATA) !== 0;
  },

  parse(bytes: Buffer, start: number, end: number, into: EnvelopeMessage): ParseResult {
    if (end - start < HEAD_BYTES) return 'ignored';
    const flags = bytes[start + 4] as number;
    into.streamId = bytes.readUInt32BE(start);
    into.isEnd = (flags & FLAG_END) !== 0;
    into.isMetadata = (flags & FLAG_METADATA) !== 0;
    into.bodyStart = start + HEAD_BYTES;
    into.path = null;
    into.headers = NO_HEADERS;
    return into.isMetadata ? parseMetadata(bytes.toString('utf8', into.bodyStart, end), into) : 'ok';
  },

  dataHead(streamId: number): Buffer {
    return head(streamId, 0, HEAD_BYTES);
  },

  metadata(streamId: number, headers: readonly Header[], isEnd: boolean): Buffer {
    const json = JSON.stringify({ headers: headers.map(({ name, value }) => ({ name, value })) });
    const message = head(
      streamId,
      isEnd ? FLAG_METADATA | FLAG_END : FLAG_METADATA,
      HEAD_BYTES + Buffer.byteLength(json),
    );
    message.write(json, HEAD_BYTES);
    return message;
  },
};

function head(streamId: number, flags: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32BE(streamId, 0);
  bytes[4] = flags;
  return bytes;
}

function parseMetadata(json: string, into: EnvelopeMessage): ParseResult {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return 'malformed';
  }
  if (typeof value !== 'object' || value === null) return 'malformed';
  const { headers, methodPath } = value as { headers?: unknown; methodPath?: unknown };
  if (headers !== undefined && !isHeaderList(headers)) return 'malformed';
  if (methodPath !== undefined && methodPath !== null && typeof methodPath !== 'string') return 'malformed';
  into.headers = headers ?? NO_HEADERS;
  into.path = methodPath ?? into.headers.find((header) => header.name === ':path')?.value ?? null;
  return 'ok';
}

function isHeaderList(value: unknown): value is readonly Header[] {
  return Array.isArray(value) && value.every(isHeader);
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const { name, value: text } = value as { name?: unknown; value?: unknown };
  return typeof name === 'string' && typeof text === 'string';
}

import type { Envelope, EnvelopeMessage, Header, ParseResult } from './envelope.ts';

/*
 * Clients of 27 May to 7 June 2025:
 *   0..3  stream id, big-endian
 *   4     type: 01 metadata, 02 data
 *   5     end of stream: 00 or 01
 *   6..7  length of the method path, big-endian; 0 for none
 *   8..   path; then metadata: (uint16 length, name, uint16 length, value)*; data: gRPC messages
 * A data message without a body has no meaning: a half-close is a metadata message with the end flag.
 */

const HEAD_BYTES = 8;
const TYPE_METADATA = 0x01;
const TYPE_DATA = 0x02;
const NO_HEADERS: readonly Header[] = [];

export const frameEnvelope: Envelope = {
  name: 'frame',

  isMetadata(bytes: Buffer, start: number): boolean {
    return bytes[start + 4] === TYPE_METADATA;
  },

  parse(bytes: Buffer, start: number, end: number, into: EnvelopeMessage): ParseResult {
    const pathStart = start + HEAD_BYTES;
    if (pathStart > end) return 'ignored';
    const type = bytes[start + 4];
    const bodyStart = pathStart + bytes.readUInt16BE(start + 6);
    if ((type !== TYPE_METADATA && type !== TYPE_DATA) || bodyStart > end) return 'malformed';
    into.streamId = bytes.readUInt32BE(start);
    into.isEnd = bytes[start + 5] === 1;
    into.isMetadata = type === TYPE_METADATA;
    into.bodyStart = bodyStart;
    into.path = null;
    into.headers = NO_HEADERS;
    if (type === TYPE_DATA) return bodyStart === end ? 'ignored' : 'ok';
    const headers = parseHeaders(bytes, bodyStart, end);
    if (headers === null) return 'malformed';
    into.headers = headers;
    if (bodyStart > pathStart) into.path = bytes.toString('utf8', pathStart, bodyStart);
    else into.path = headers.find((header) => header.name === ':path')?.value ?? null;
    return 'ok';
  },

  dataHead(streamId: number, path: string): Buffer {
    return head(streamId, TYPE_DATA, false, path, 0);
  },

  metadata(streamId: number, headers: readonly Header[], isEnd: boolean): Buffer {
    // the original server puts no path on its metadata
    const message = head(
      streamId,
      TYPE_METADATA,
      isEnd,
      '',
      headers.reduce((sum, it) => sum + headerBytes(it), 0),
    );
    let at = HEAD_BYTES;
    for (const { name, value } of headers) {
      at = writeText(message, at, name);
      at = writeText(message, at, value);
    }
    return message;
  },
};

function head(streamId: number, type: number, isEnd: boolean, path: string, bodyBytes: number): Buffer {
  const pathBytes = Buffer.byteLength(path);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + pathBytes + bodyBytes);
  bytes.writeUInt32BE(streamId, 0);
  bytes[4] = type;
  bytes[5] = isEnd ? 1 : 0;
  bytes.writeUInt16BE(pathBytes, 6);
  bytes.write(path, HEAD_BYTES);
  return bytes;
}

function headerBytes({ name, value }: Header): number {
  return 4 + Buffer.byteLength(name) + Buffer.byteLength(value);
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 2);
  bytes.writeUInt16BE(length, at);
  return at + 2 + length;
}

function parseHeaders(bytes: Buffer, start: number, end: number): Header[] | null {
  const headers: Header[] = [];
  for (let at = start; at < end; ) {
    const nameEnd = textEnd(bytes, at, end);
    const valueEnd = nameEnd < 0 ? -1 : textEnd(bytes, nameEnd, end);
    if (valueEnd < 0) return null;
    headers.push({
      name: bytes.toString('utf8', at + 2, nameEnd),
      value: bytes.toString('utf8', nameEnd + 2, valueEnd),
    });
    at = valueEnd;
  }
  return headers;
}

/** End of the length-prefixed text at `at`; negative when it does not fit. */
function textEnd(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const textEndsAt = at + 2 + bytes.readUInt16BE(at);
  return textEndsAt <= end ? textEndsAt : -1;
}

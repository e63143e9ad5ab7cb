/** The envelopes of rpc_dart over WebSocket, for clients of both generations; independent of src/websocket. */

export type Generation = 'flags' | 'frame';

export interface EnvelopeMessage {
  readonly streamId: number;
  readonly isEnd: boolean;
  /** Null for a data message. */
  readonly headers: Readonly<Record<string, string>> | null;
  readonly path: string;
  readonly body: Buffer;
}

function requestHeaders(path: string, extra: Readonly<Record<string, string>>): [string, string][] {
  return [
    [':method', 'POST'],
    [':path', path],
    [':scheme', 'http'],
    [':authority', ''],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...Object.entries(extra),
  ];
}

function uint16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff]);
}

function text16(text: string): Buffer {
  return Buffer.concat([uint16(Buffer.byteLength(text)), Buffer.from(text)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The message that opens a call. */
export function openMessage(
  generation: Generation,
  streamId: number,
  path: string,
  extra: Readonly<Record<string, string>> = {},
): Buffer {
  const headers = requestHeaders(path, extra);
  if (generation === 'flags') {
    const list = headers.map(([name, value]) => ({ name, value }));
    const json = JSON.stringify({ headers: list, methodPath: path });
    return Buffer.concat([uint32(streamId), Buffer.from([2]), Buffer.from(json)]);
  }
  const fields = headers.flatMap(([name, value]) => [text16(name), text16(value)]);
  return Buffer.concat([uint32(streamId), Buffer.from([1, 0]), text16(path), ...fields]);
}

/** A data message: gRPC bytes. */
export function dataMessage(
  generation: Generation,
  streamId: number,
  path: string,
  body: Buffer,
  isEnd = false,
): Buffer {
  const end = isEnd ? 1 : 0;
  if (generation === 'flags') return Buffer.concat([uint32(streamId), Buffer.from([end]), body]);
  return Buffer.concat([uint32(streamId), Buffer.from([2, end]), text16(path), body]);
}

/** The message that half-closes a call. */
export function endMessage(generation: Generation, streamId: number, path: string): Buffer {
  if (generation === 'flags') return Buffer.concat([uint32(streamId), Buffer.from([1])]);
  return Buffer.concat([uint32(streamId), Buffer.from([1, 1]), text16(path)]);
}

export function parseMessage(generation: Generation, bytes: Buffer): EnvelopeMessage {
  const streamId = bytes.readUInt32BE(0);
  if (generation === 'flags') {
    const flags = bytes[4] as number;
    const isEnd = (flags & 1) !== 0;
    const rest = bytes.subarray(5);
    if ((flags & 2) === 0) return { streamId, isEnd, headers: null, path: '', body: rest };
    const { headers } = JSON.parse(rest.toString()) as { headers: { name: string; value: string }[] };
    const byName = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    return { streamId, isEnd, headers: byName, path: '', body: Buffer.alloc(0) };
  }
  const isEnd = bytes[5] === 1;
  const bodyStart = 8 + bytes.readUInt16BE(6);
  const path = bytes.toString('utf8', 8, bodyStart);
  const rest = bytes.subarray(bodyStart);
  if (bytes[4] === 2) return { streamId, isEnd, headers: null, path, body: rest };
  const headers: Record<string, string> = {};
  for (let at = 0; at < rest.length; ) {
    const nameEnd = at + 2 + rest.readUInt16BE(at);
    const valueEnd = nameEnd + 2 + rest.readUInt16BE(nameEnd);
    headers[rest.toString('utf8', at + 2, nameEnd)] = rest.toString('utf8', nameEnd + 2, valueEnd);
    at = valueEnd;
  }
  return { streamId, isEnd, headers, path, body: Buffer.alloc(0) };
}

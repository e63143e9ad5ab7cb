/** Constants and encoders of HTTP/2 frames (RFC 9113, sections 4 and 6). */

export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const FRAME_HEADER_BYTES = 9;
/** Largest frame payload that every peer must accept, and the largest accepted here. */
export const MAX_FRAME_BYTES = 16_384;
/** Largest SETTINGS_MAX_FRAME_SIZE. */
export const MAX_FRAME_SIZE_SETTING = 0xffffff;
/** Initial and maximum flow-control window. */
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 0x7fffffff;
export const MAX_STREAM_ID = 0x7fffffff;

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Writes a frame header at `pos`. */
export function writeFrameHeader(
  bytes: Buffer,
  pos: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[pos] = length >>> 16;
  bytes[pos + 1] = length >>> 8;
  bytes[pos + 2] = length;
  bytes[pos + 3] = type;
  bytes[pos + 4] = flags;
  writeUint32(bytes, pos + 5, streamId);
}

/** A frame: header and payload. */
export function encodeFrame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** A header block as HEADERS and, beyond one frame, CONTINUATION. `flags`: without END_HEADERS. */
export function headerFrames(streamId: number, flags: number, block: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let pos = 0; pos === 0 || pos < block.length; pos += MAX_FRAME_BYTES) {
    const isLast = pos + MAX_FRAME_BYTES >= block.length;
    const type = pos === 0 ? FrameType.headers : FrameType.continuation;
    const frameFlags = (pos === 0 ? flags : 0) | (isLast ? Flag.endHeaders : 0);
    frames.push(encodeFrame(type, frameFlags, streamId, block.subarray(pos, pos + MAX_FRAME_BYTES)));
  }
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
}

export function windowUpdateFrame(streamId: number, increment: number): Buffer {
  return encodeFrame(FrameType.windowUpdate, 0, streamId, uint32(increment));
}

export function rstStreamFrame(streamId: number, code: number): Buffer {
  return encodeFrame(FrameType.rstStream, 0, streamId, uint32(code));
}

export function goawayFrame(lastStreamId: number, code: number): Buffer {
  return encodeFrame(FrameType.goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)]));
}

/** `payload`: eight bytes. */
export function pingFrame(payload: Buffer, ack: boolean): Buffer {
  return encodeFrame(FrameType.ping, ack ? Flag.ack : 0, 0, payload);
}

export const SETTINGS_ACK = encodeFrame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0));

/** A SETTINGS frame of values by their ids in `Setting`. */
export function settingsFrame(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  values.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return encodeFrame(FrameType.settings, 0, 0, payload);
}

export function readUint32(bytes: Buffer, pos: number): number {
  return (
    (((bytes[pos] as number) << 24) |
      ((bytes[pos + 1] as number) << 16) |
      ((bytes[pos + 2] as number) << 8) |
      (bytes[pos + 3] as number)) >>>
    0
  );
}

function writeUint32(bytes: Buffer, pos: number, value: number): void {
  bytes[pos] = value >>> 24;
  bytes[pos + 1] = value >>> 16;
  bytes[pos + 2] = value >>> 8;
  bytes[pos + 3] = value;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  writeUint32(bytes, 0, value);
  return bytes;
}

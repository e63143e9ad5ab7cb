/** HTTP/2 frames as bytes, for hand-written and hostile clients. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

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

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
} as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function encodeFrame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export function settingsFrame(settings: Readonly<Record<number, number>>): Buffer {
  const entries = Object.entries(settings).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return encodeFrame(FrameType.settings, 0, 0, Buffer.concat(entries));
}

export function settingsAck(): Buffer {
  return encodeFrame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0));
}

export function pingFrame(payload: Buffer, ack = false): Buffer {
  return encodeFrame(FrameType.ping, ack ? Flag.ack : 0, 0, payload);
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return encodeFrame(FrameType.windowUpdate, 0, streamId, uint32(increment));
}

export function rstStream(streamId: number, code: number): Buffer {
  return encodeFrame(FrameType.rstStream, 0, streamId, uint32(code));
}

export function goawayFrame(lastStreamId: number, code: number): Buffer {
  return encodeFrame(FrameType.goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Splits a byte stream into frames. */
export class FrameParser {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Frame[] = [];
    while (bytes.length >= 9) {
      const end = 9 + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      frames.push({
        type: bytes[3] as number,
        flags: bytes[4] as number,
        streamId: bytes.readUInt32BE(5) & 0x7fffffff,
        payload: bytes.subarray(9, end),
      });
      bytes = bytes.subarray(end);
    }
    this.rest = bytes;
    return frames;
  }
}

/** The part of a DATA or HEADERS payload that is not padding or priority. */
export function frameContent(frame: Frame): Buffer {
  const { type, flags, payload } = frame;
  const padded = (flags & Flag.padded) !== 0;
  const padding = padded ? (payload[0] as number) : 0;
  const priority = type === FrameType.headers && (flags & Flag.priority) !== 0 ? 5 : 0;
  return payload.subarray((padded ? 1 : 0) + priority, payload.length - padding);
}

import { FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES, writeFrameHeader } from './frames.ts';

/**
 * Encodes DATA frames and keeps the last one. Receivers of a broadcast mostly use the same stream id, so their frames are
 * identical and encoded once. Shared by the connections of a transport.
 */
export class DataFrameCache {
  private payload: Buffer | null = null;
  private streamId = 0;
  private frame: Buffer = Buffer.alloc(0);

  /** One DATA frame of `first` and `rest`, `bytes` in all, at most MAX_FRAME_BYTES. */
  encode(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
    if (first === this.payload && streamId === this.streamId && rest.length === 0) return this.frame;
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bytes);
    writeFrameHeader(frame, 0, bytes, FrameType.data, 0, streamId);
    copyAll(frame, FRAME_HEADER_BYTES, first, rest);
    if (rest.length > 0) return frame;
    this.payload = first;
    this.streamId = streamId;
    this.frame = frame;
    return frame;
  }
}

/** DATA frames of `payloads`, `bytes` in all: frame headers interleaved with the payload slices, without copying. */
export function dataFrameBuffers(streamId: number, payloads: readonly Buffer[], bytes: number): Buffer[] {
  const buffers: Buffer[] = [];
  let bytesLeft = bytes;
  let frameBytesLeft = 0;
  for (const payload of payloads) {
    for (let pos = 0; pos < payload.length; ) {
      if (frameBytesLeft === 0) {
        frameBytesLeft = Math.min(bytesLeft, MAX_FRAME_BYTES);
        bytesLeft -= frameBytesLeft;
        const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
        writeFrameHeader(header, 0, frameBytesLeft, FrameType.data, 0, streamId);
        buffers.push(header);
      }
      const end = Math.min(payload.length, pos + frameBytesLeft);
      buffers.push(end - pos === payload.length ? payload : payload.subarray(pos, end));
      frameBytesLeft -= end - pos;
      pos = end;
    }
  }
  return buffers;
}

/** `first` and `rest`, `bytes` in all, in one buffer. */
export function concatBuffers(first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (rest.length === 0) return first;
  const whole = Buffer.allocUnsafe(bytes);
  copyAll(whole, 0, first, rest);
  return whole;
}

function copyAll(target: Buffer, start: number, first: Buffer, rest: readonly Buffer[]): void {
  target.set(first, start);
  let at = start + first.length;
  for (const buffer of rest) {
    target.set(buffer, at);
    at += buffer.length;
  }
}

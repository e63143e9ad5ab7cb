import { ConnectionError, ErrorCode } from './errors.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES, readUint32 } from './frames.ts';
import { type ByteBudget, GrowingBuffer } from './growing-buffer.ts';

/** Receives frames. The buffers are never overwritten, so a sink may keep them. */
export interface FrameSink extends ByteBudget {
  /** Start of a DATA frame without padding. Its `length` payload bytes follow by `onData`, split anywhere. */
  beginData(streamId: number, length: number): void;
  onData(bytes: Buffer, start: number, end: number): void;
  /** End of the DATA frame; `endStream`: it carried END_STREAM. */
  endData(length: number, endStream: boolean): void;
  /** Any other frame, and DATA with padding. The payload is `bytes[start..end)`. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Splits a connection's bytes into frames. DATA is passed on as it arrives, without buffering its frame. Other frames that
 * arrive in several chunks are reassembled, in linear time however small the chunks. Throws ConnectionError, as its sink may;
 * the reader cannot be used afterwards.
 */
export class FrameReader {
  private readonly sink: FrameSink;
  private stopped = false;
  private paused = false;
  /** The current DATA frame: payload bytes not received yet, payload length, and whether it ends the stream. */
  private dataBytesLeft = 0;
  private dataLength = 0;
  private dataEndsStream = false;
  private partial: GrowingBuffer | null = null;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** Reads `chunk` from `pos` on. Returns the position reached, which is the end unless `pause` was called. */
  push(chunk: Buffer, pos: number): number {
    let at = this.partial === null ? pos : this.completePartial(chunk, pos);
    const end = chunk.length;
    while (at < end && !this.paused) {
      if (this.stopped) return end;
      if (this.dataBytesLeft > 0) at = this.passData(chunk, at);
      else {
        const next = end - at < FRAME_HEADER_BYTES ? -1 : this.readFrame(chunk, at, end);
        if (next < 0) {
          this.startPartial(chunk, at);
          return end;
        }
        at = next;
      }
    }
    return at;
  }

  /** Makes `push` stop after the bytes it is passing on. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Ignores all further input. */
  stop(): void {
    this.stopped = true;
    this.partial?.release();
    this.partial = null;
  }

  /** Reads the frame at `pos`. Returns the position after the bytes read, or -1 if more are needed. */
  private readFrame(bytes: Buffer, pos: number, end: number): number {
    const length = ((bytes[pos] as number) << 16) | ((bytes[pos + 1] as number) << 8) | (bytes[pos + 2] as number);
    if (length > MAX_FRAME_BYTES) throw new ConnectionError(ErrorCode.frameSize, 'frame too large');
    const type = bytes[pos + 3] as number;
    const flags = bytes[pos + 4] as number;
    const streamId = readUint32(bytes, pos + 5) & 0x7fffffff;
    const start = pos + FRAME_HEADER_BYTES;
    if (type === FrameType.data && (flags & Flag.padded) === 0) {
      this.sink.beginData(streamId, length);
      this.dataBytesLeft = this.dataLength = length;
      this.dataEndsStream = (flags & Flag.endStream) !== 0;
      if (length === 0) this.sink.endData(0, this.dataEndsStream);
      return start;
    }
    if (start + length > end) return -1;
    this.sink.onFrame(type, flags, streamId, bytes, start, start + length);
    return start + length;
  }

  private passData(chunk: Buffer, pos: number): number {
    const end = Math.min(chunk.length, pos + this.dataBytesLeft);
    this.dataBytesLeft -= end - pos;
    this.sink.onData(chunk, pos, end);
    if (this.dataBytesLeft === 0 && !this.stopped) this.sink.endData(this.dataLength, this.dataEndsStream);
    return end;
  }

  private startPartial(chunk: Buffer, pos: number): void {
    this.partial = new GrowingBuffer(this.sink);
    this.partial.append(chunk, pos, chunk.length, 0);
  }

  /** Completes the partial frame from `chunk`. Returns the position after the bytes used. */
  private completePartial(chunk: Buffer, pos: number): number {
    const partial = this.partial as GrowingBuffer;
    let at = append(partial, chunk, pos, FRAME_HEADER_BYTES);
    if (partial.length < FRAME_HEADER_BYTES) return at;
    if (partial.length === FRAME_HEADER_BYTES && this.readPartial(partial)) return at;
    at = append(partial, chunk, at, FRAME_HEADER_BYTES + partial.bytes.readUIntBE(0, 3));
    this.readPartial(partial);
    return at;
  }

  /** Reads the partial frame if it is complete, and releases it; false if more bytes are needed. */
  private readPartial(partial: GrowingBuffer): boolean {
    if (this.readFrame(partial.bytes, 0, partial.length) < 0) return false;
    partial.release();
    this.partial = null;
    return true;
  }
}

/** Fills `partial` up to `neededBytes` from `chunk`. Returns the position after the bytes used. */
function append(partial: GrowingBuffer, chunk: Buffer, pos: number, neededBytes: number): number {
  const end = pos + Math.min(neededBytes - partial.length, chunk.length - pos);
  if (end <= pos) return pos;
  partial.append(chunk, pos, end, neededBytes);
  return end;
}

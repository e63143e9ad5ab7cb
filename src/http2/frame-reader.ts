import { ConnectionError } from './connection-error.ts';
import { ErrorCode, Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES, readUint32 } from './frames.ts';
import { type ByteBudget, GrowingBuffer } from './growing-buffer.ts';

/** Receives frames. Bytes handed over are valid for the call only, unless they are kept on purpose: nobody overwrites them. */
export interface FrameSink extends ByteBudget {
  /** A DATA frame without padding begins: `length` bytes of content follow by `onData`, however they are cut. */
  beginData(streamId: number, length: number): void;
  onData(bytes: Buffer, start: number, end: number): void;
  /** The frame of `length` bytes is complete; with `endStream`, nothing more comes on its stream. */
  endData(length: number, endStream: boolean): void;
  /** Any other frame, and DATA with padding: its payload is `bytes[start..end)`. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Cuts a connection's bytes into frames. DATA is handed on as it comes, without waiting for the rest of its frame; other
 * frames are put together, in linear time however small the pieces, when they do not arrive whole. Throws ConnectionError,
 * as its sink may: then nothing more can be read.
 */
export class FrameReader {
  private readonly sink: FrameSink;
  private stopped = false;
  private paused = false;
  /** Content of the current DATA frame: what is still to come, its length, and whether the stream ends behind it. */
  private dataBytesLeft = 0;
  private dataLength = 0;
  private dataEndsStream = false;
  private partial: GrowingBuffer | null = null;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** Takes `chunk` from `pos` on; returns how far: not to its end when somebody has paused. */
  push(chunk: Buffer, pos: number): number {
    let at = this.partial === null ? pos : this.completePartial(chunk, pos);
    const end = chunk.length;
    while (at < end && !this.paused) {
      if (this.stopped) return end;
      if (this.dataBytesLeft > 0) at = this.passData(chunk, at);
      else {
        const behind = end - at < FRAME_HEADER_BYTES ? -1 : this.readFrame(chunk, at, end);
        if (behind < 0) {
          this.startPartial(chunk, at);
          return end;
        }
        at = behind;
      }
    }
    return at;
  }

  /** Has `push` stop behind the bytes that are just handed over. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Nothing that comes from now on is read. */
  stop(): void {
    this.stopped = true;
    this.partial?.release();
    this.partial = null;
  }

  /** Reads the frame at `pos`; returns the position behind what was read, or -1 when more of it is needed. */
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

  /** Fills the unfinished frame up from `chunk`; returns where its part ends. */
  private completePartial(chunk: Buffer, pos: number): number {
    const partial = this.partial as GrowingBuffer;
    let at = append(partial, chunk, pos, FRAME_HEADER_BYTES);
    if (partial.length < FRAME_HEADER_BYTES) return at;
    if (partial.length === FRAME_HEADER_BYTES && this.readPartial(partial)) return at;
    at = append(partial, chunk, at, FRAME_HEADER_BYTES + partial.bytes.readUIntBE(0, 3));
    this.readPartial(partial);
    return at;
  }

  /** Reads what is held if it is enough; true when it was, and nothing is held any more. */
  private readPartial(partial: GrowingBuffer): boolean {
    if (this.readFrame(partial.bytes, 0, partial.length) < 0) return false;
    partial.release();
    this.partial = null;
    return true;
  }
}

/** Fills `partial` up to `neededBytes` from `chunk`; returns where its part ends. */
function append(partial: GrowingBuffer, chunk: Buffer, pos: number, neededBytes: number): number {
  const end = pos + Math.min(neededBytes - partial.length, chunk.length - pos);
  if (end <= pos) return pos;
  partial.append(chunk, pos, end, neededBytes);
  return end;
}

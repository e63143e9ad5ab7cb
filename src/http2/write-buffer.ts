import { concatBuffers, type DataFrameCache, dataFrameBuffers } from './data-frames.ts';
import { MAX_FRAME_BYTES } from './frames.ts';

/** The writing side of a connection. One write at a time: `Sender.onWriteComplete` completes it, possibly at once. */
export interface ConnectionWriter {
  write(bytes: Buffer): void;
  /** Writes `buffers` in order, without joining them. */
  writeAll(buffers: readonly Buffer[]): void;
  /** Everything is written: no write follows. */
  finish(): void;
  /** More data is queued than a well-behaved peer could cause. */
  overflow(): void;
}

/** Buffers of at least this average length are passed to writev; shorter ones are copied into one buffer. */
const MIN_NO_COPY_BYTES = 8 * 1024;

/** The frames that a connection sends with its next write. */
export class WriteBuffer {
  bytes = 0;
  /** The first buffer, usually the only one, and those after it. */
  private first: Buffer | null = null;
  private rest: Buffer[] = [];
  private readonly dataFrames: DataFrameCache;

  constructor(dataFrames: DataFrameCache) {
    this.dataFrames = dataFrames;
  }

  add(buffer: Buffer): void {
    if (this.first === null) this.first = buffer;
    else this.rest.push(buffer);
    this.bytes += buffer.length;
  }

  /**
   * Adds the DATA frames of `first` and `rest`, `bytes` in all. Large payloads are not copied, unless `mustCopy`: for a write
   * that is delayed, since a slice keeps the whole buffer it was cut from alive.
   */
  addData(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number, mustCopy: boolean): void {
    if (bytes <= MAX_FRAME_BYTES && bytes < MIN_NO_COPY_BYTES * (1 + rest.length)) {
      this.add(this.dataFrames.encode(streamId, first, rest, bytes));
      return;
    }
    const payloads = mustCopy ? [concatBuffers(first, rest, bytes)] : [first, ...rest];
    for (const buffer of dataFrameBuffers(streamId, payloads, bytes)) this.add(buffer);
  }

  /** Passes everything to `writer`, which may add to the next write. Must not be empty. */
  writeTo(writer: ConnectionWriter): void {
    const { rest, bytes } = this;
    const first = this.first as Buffer;
    this.clear();
    // about every other buffer is a frame header
    const useWritev = rest.length > 0 && bytes >= (MIN_NO_COPY_BYTES / 2) * (1 + rest.length);
    if (useWritev) writer.writeAll([first, ...rest]);
    else writer.write(concatBuffers(first, rest, bytes));
  }

  clear(): void {
    this.first = null;
    if (this.rest.length > 0) this.rest = [];
    this.bytes = 0;
  }
}

import type { ConnectionWriter } from './connection-writer.ts';
import { concatBuffers, dataFrame, dataFramePieces } from './data-frames.ts';
import { MAX_FRAME_BYTES } from './frames.ts';

/** Contents at least this long on average are written as they lie; shorter ones are copied together. */
const MIN_NO_COPY_BYTES = 8 * 1024;

/** The frames that a connection will write next, all of them at once. */
export class WriteBuffer {
  bytes = 0;
  /** The first piece, mostly the only one, and those behind it. */
  private first: Buffer | null = null;
  private rest: Buffer[] = [];

  add(piece: Buffer): void {
    if (this.first === null) this.first = piece;
    else this.rest.push(piece);
    this.bytes += piece.length;
  }

  /**
   * Adds the DATA frames of `first` and `rest`, `bytes` in all. Large contents are not copied, unless the write `hasToWait`: a
   * slice keeps all that it was cut from.
   */
  addData(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number, mustCopy: boolean): void {
    if (bytes <= MAX_FRAME_BYTES && bytes < MIN_NO_COPY_BYTES * (1 + rest.length)) {
      this.add(dataFrame(streamId, first, rest, bytes));
      return;
    }
    const contents = mustCopy ? [concatBuffers(first, rest, bytes)] : [first, ...rest];
    for (const piece of dataFramePieces(streamId, contents, bytes)) this.add(piece);
  }

  /** Hands everything to `outlet`, which may add to the write after this one; there must be something. */
  writeTo(outlet: ConnectionWriter): void {
    const { rest, bytes } = this;
    const first = this.first as Buffer;
    this.clear();
    // about every other piece is the head of a frame
    const useWritev = rest.length > 0 && bytes >= (MIN_NO_COPY_BYTES / 2) * (1 + rest.length);
    if (useWritev) outlet.writeAll([first, ...rest]);
    else outlet.write(concatBuffers(first, rest, bytes));
  }

  clear(): void {
    this.first = null;
    if (this.rest.length > 0) this.rest = [];
    this.bytes = 0;
  }
}

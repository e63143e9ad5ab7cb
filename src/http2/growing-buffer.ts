import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './frames.ts';

/** A budget over all connections. */
export interface Holder {
  /** Takes `change` bytes, or gives them back when negative. False, and nothing is taken, when there is no room. */
  holdBytes(change: number): boolean;
}

/** What is kept grows with what has arrived, whatever was announced. */
const FIRST_CAPACITY_BYTES = 64;
/** So much is part of what a connection costs: an ordinary frame that is cut in two ends no connection, however full memory is. */
const UNCOUNTED_BYTES = 1024;

/** Bytes that are put together, in linear time however small the pieces. Throws ConnectionError when memory is short. */
export class GrowingBuffer {
  bytes: Buffer = NOTHING;
  length = 0;
  private readonly holder: Holder;
  private heldBytes = 0;

  constructor(holder: Holder) {
    this.holder = holder;
  }

  /** Adds a copy of `chunk[start..end)`; there will be `mostBytes` in all, as far as is known. */
  append(chunk: Buffer, start: number, end: number, mostBytes: number): void {
    const bytes = this.length + end - start;
    if (bytes > this.bytes.length) this.grow(Math.max(bytes, Math.min(2 * this.bytes.length, mostBytes)));
    chunk.copy(this.bytes, this.length, start, end);
    this.length = bytes;
  }

  /** Gives everything back. */
  release(): void {
    if (this.heldBytes > 0) this.holder.holdBytes(-this.heldBytes);
    this.heldBytes = this.length = 0;
    this.bytes = NOTHING;
  }

  private grow(wantedBytes: number): void {
    const capacity = Math.max(FIRST_CAPACITY_BYTES, wantedBytes);
    if (capacity > UNCOUNTED_BYTES) {
      if (!this.holder.holdBytes(capacity - this.heldBytes)) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, 'no memory left for a header block that is not complete');
      }
      this.heldBytes = capacity;
    }
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

const NOTHING = Buffer.alloc(0);

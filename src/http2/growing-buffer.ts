import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './frames.ts';

/** A budget over all connections. */
export interface ByteBudget {
  /** Takes `change` bytes, or gives them back when negative. False, and nothing is taken, when there is no room. */
  reserveBytes(change: number): boolean;
}

/** What is kept grows with what has arrived, whatever was announced. */
const INITIAL_CAPACITY_BYTES = 64;
/** So much is part of what a connection costs: an ordinary frame that is cut in two ends no connection, however full memory is. */
const UNBUDGETED_BYTES = 1024;

/** Bytes that are put together, in linear time however small the pieces. Throws ConnectionError when memory is short. */
export class GrowingBuffer {
  bytes: Buffer = EMPTY;
  length = 0;
  private readonly budget: ByteBudget;
  private reservedBytes = 0;

  constructor(holder: ByteBudget) {
    this.budget = holder;
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
    if (this.reservedBytes > 0) this.budget.reserveBytes(-this.reservedBytes);
    this.reservedBytes = this.length = 0;
    this.bytes = EMPTY;
  }

  private grow(wantedBytes: number): void {
    const capacity = Math.max(INITIAL_CAPACITY_BYTES, wantedBytes);
    if (capacity > UNBUDGETED_BYTES) {
      if (!this.budget.reserveBytes(capacity - this.reservedBytes)) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, 'no memory left for a header block that is not complete');
      }
      this.reservedBytes = capacity;
    }
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

const EMPTY = Buffer.alloc(0);

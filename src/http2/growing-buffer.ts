import { ConnectionError, ErrorCode } from './errors.ts';

/** A memory budget shared by all connections. */
export interface ByteBudget {
  /** Reserves `change` bytes, or releases them when negative. False, and nothing reserved, when the budget is exhausted. */
  reserveBytes(change: number): boolean;
}

/** Capacity grows with the bytes received, not with the announced length. */
const INITIAL_CAPACITY_BYTES = 64;
/** Buffers up to this size count as part of the connection, so that a small split frame never fails for lack of memory. */
const UNBUDGETED_BYTES = 1024;

/** Reassembles bytes in linear time, however small the chunks. Throws ConnectionError when the budget is exhausted. */
export class GrowingBuffer {
  bytes: Buffer = EMPTY;
  length = 0;
  private readonly budget: ByteBudget;
  private reservedBytes = 0;

  constructor(budget: ByteBudget) {
    this.budget = budget;
  }

  /** Appends a copy of `chunk[start..end)`. `expectedBytes`: final length as far as known, 0 if unknown. */
  append(chunk: Buffer, start: number, end: number, expectedBytes: number): void {
    const bytes = this.length + end - start;
    if (bytes > this.bytes.length) this.grow(Math.max(bytes, Math.min(2 * this.bytes.length, expectedBytes)));
    chunk.copy(this.bytes, this.length, start, end);
    this.length = bytes;
  }

  /** Releases the memory. */
  release(): void {
    if (this.reservedBytes > 0) this.budget.reserveBytes(-this.reservedBytes);
    this.reservedBytes = this.length = 0;
    this.bytes = EMPTY;
  }

  private grow(minBytes: number): void {
    const capacity = Math.max(INITIAL_CAPACITY_BYTES, minBytes);
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

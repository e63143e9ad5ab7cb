/** Bytes buffered for all clients: unsent because their receivers are slow, and partially received. */
export class MemoryBudget {
  usedBytes = 0;
  limitBytes: number;
  /** Releases up to `bytes` or more of memory that no connected client needs. */
  reclaim: (bytes: number) => void = () => {};

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get exceeded(): boolean {
    return this.usedBytes > this.limitBytes;
  }

  /** Reserves `bytes`, or releases them when negative. False, and nothing reserved, when they do not fit. */
  tryChange(bytes: number): boolean {
    const excess = this.usedBytes + bytes - this.limitBytes;
    if (bytes > 0 && excess > 0) {
      this.reclaim(excess);
      if (this.usedBytes + bytes > this.limitBytes) return false;
    }
    this.usedBytes += bytes;
    return true;
  }
}

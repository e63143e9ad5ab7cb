/** Bytes held for clients over all of them: unsent since a flush, because they do not read, and half-received. */
export class MemoryBudget {
  usedBytes = 0;
  limitBytes: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get exceeded(): boolean {
    return this.usedBytes > this.limitBytes;
  }

  /** Takes or gives back bytes of half-received messages; false, and nothing taken, when they do not fit. */
  tryChange(bytes: number): boolean {
    if (bytes > 0 && this.usedBytes + bytes > this.limitBytes) return false;
    this.usedBytes += bytes;
    return true;
  }
}

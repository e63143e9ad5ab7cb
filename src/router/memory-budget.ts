/** Bytes held on behalf of clients, unsent and half-received, over all of them. */
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

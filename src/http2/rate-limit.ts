/** Lets `burst` events pass at once and `perSecond` in the long run. */
export class RateLimit {
  private left: number;
  private readonly burst: number;
  private readonly perMs: number;
  private filledMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.burst = burst;
    this.left = burst;
    this.perMs = perSecond / 1000;
    this.filledMs = nowMs;
  }

  /** Counts an event at `nowMs`; false when there have been too many. */
  take(nowMs: number): boolean {
    this.left = Math.min(this.burst, this.left + Math.max(0, nowMs - this.filledMs) * this.perMs);
    this.filledMs = nowMs;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}

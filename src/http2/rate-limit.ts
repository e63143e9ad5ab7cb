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

  /** Counts `events` at `nowMs`; false, and none is counted, when there have been too many. */
  take(nowMs: number, events = 1): boolean {
    this.left = Math.min(this.burst, this.left + Math.max(0, nowMs - this.filledMs) * this.perMs);
    this.filledMs = nowMs;
    if (this.left < events) return false;
    this.left -= events;
    return true;
  }

  /** Allows `events` more, up to a burst. */
  give(events: number): void {
    this.left = Math.min(this.burst, this.left + events);
  }
}

/** Lets `burst` events pass at once and `perSecond` in the long run. */
export class RateLimit {
  private tokens: number;
  private readonly burst: number;
  private readonly perMs: number;
  private refilledMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.burst = burst;
    this.tokens = burst;
    this.perMs = perSecond / 1000;
    this.refilledMs = nowMs;
  }

  /** Counts `events` at `nowMs`; false, and none is counted, when there have been too many. */
  take(nowMs: number, events = 1): boolean {
    this.tokens = Math.min(this.burst, this.tokens + Math.max(0, nowMs - this.refilledMs) * this.perMs);
    this.refilledMs = nowMs;
    if (this.tokens < events) return false;
    this.tokens -= events;
    return true;
  }

  /** Allows `events` more, up to a burst. */
  credit(events: number): void {
    this.tokens = Math.min(this.burst, this.tokens + events);
  }
}

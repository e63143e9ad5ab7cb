/** A token bucket: admits `burst` events at once and `perSecond` in the long run. */
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

  /** Counts `events` at `nowMs`. False, and none counted, when they exceed the limit. */
  take(nowMs: number, events = 1): boolean {
    this.tokens = Math.min(this.burst, this.tokens + Math.max(0, nowMs - this.refilledMs) * this.perMs);
    this.refilledMs = nowMs;
    if (this.tokens < events) return false;
    this.tokens -= events;
    return true;
  }

  /** Admits `events` more, up to a burst. */
  credit(events: number): void {
    this.tokens = Math.min(this.burst, this.tokens + events);
  }
}

/** Resets that are always admitted at once, whatever the rate. */
const RESET_BURST = 1000;
/** After this many streams the counts are halved, so that the share reflects recent behaviour. */
const RESET_WINDOW_STREAMS = 2000;

/**
 * Limits the streams that a client resets ("rapid reset", CVE-2023-44487). The rate alone would disconnect clients that cancel
 * many calls because they make many, so it applies only while more than half of the streams are reset.
 */
export class ResetBudget {
  private readonly perSecond: number;
  private limit: RateLimit | null = null;
  private opened = 0;
  private reset = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  recordOpened(): void {
    if (++this.opened < RESET_WINDOW_STREAMS) return;
    this.opened /= 2;
    this.reset /= 2;
  }

  /** Counts a stream reset at `nowMs`; false when that exceeds the limit. */
  recordReset(nowMs: number): boolean {
    this.reset++;
    this.limit ??= new RateLimit(Math.max(RESET_BURST, this.perSecond), this.perSecond, nowMs);
    return this.limit.take(nowMs) || this.reset * 2 <= this.opened;
  }
}

import { RateLimit } from './rate-limit.ts';

/** Streams reset that are always allowed at once, whatever the rate. */
const BURST = 1000;
/** Streams after which what came before counts half. */
const MEMORY = 2000;

/**
 * How many of its streams a client may reset ("rapid reset", CVE-2023-44487). The rate alone would end clients that cancel
 * many calls because they make many: so it counts only while resets are more than half of all streams.
 */
export class ResetBudget {
  private readonly perSecond: number;
  private limit: RateLimit | null = null;
  private opened = 0;
  private reset = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** A stream was opened. */
  recordOpened(): void {
    if (++this.opened < MEMORY) return;
    this.opened /= 2;
    this.reset /= 2;
  }

  /** A stream was reset at `nowMs`; false when that is one too many. */
  recordReset(nowMs: number): boolean {
    this.reset++;
    this.limit ??= new RateLimit(Math.max(BURST, this.perSecond), this.perSecond, nowMs);
    return this.limit.take(nowMs) || this.reset * 2 <= this.opened;
  }
}

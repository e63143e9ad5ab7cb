const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 15_000;
/** A worker that ran this long has recovered: the next delay is the first one again. */
const RECOVERED_AFTER_MS = 30_000;

/** Growing delay between the end of a worker and its next start. */
export class RespawnDelay {
  private delayMs = 0;

  /** The delay after a worker that ran for `uptimeMs`. */
  next(uptimeMs: number): number {
    if (uptimeMs >= RECOVERED_AFTER_MS) this.delayMs = 0;
    this.delayMs = this.delayMs === 0 ? FIRST_DELAY_MS : Math.min(MAX_DELAY_MS, this.delayMs * 2);
    return this.delayMs;
  }
}

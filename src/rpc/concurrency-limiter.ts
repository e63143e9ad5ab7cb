/** Runs a limited number of jobs at a time and queues the others in order. */
export class ConcurrencyLimiter {
  private free: number;
  private readonly queue: (() => void)[] = [];

  constructor(limit: number) {
    this.free = limit;
  }

  /** Starts `job` now or when a slot is free. Call `release` once when it has ended. */
  run(job: () => void): void {
    if (this.free === 0) {
      this.queue.push(job);
      return;
    }
    this.free--;
    job();
  }

  release(): void {
    const next = this.queue.shift();
    if (next === undefined) this.free++;
    else next();
  }
}

/** Lets so many jobs be under way at a time; more wait for one to end. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Starts `job` now or when its turn comes; `release` is to be called once when it has ended. */
  take(job: () => void): void {
    if (this.free === 0) {
      this.waiting.push(job);
      return;
    }
    this.free--;
    job();
  }

  release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}

/**
 * Spreads a burst of jobs over event-loop turns, so that thousands of connections that come or go at once do not keep
 * everybody else waiting. A job that comes alone runs at once.
 */
export class Pacer {
  private readonly jobsPerTurn: number;
  private waiting: (() => void)[] = [];
  /** Jobs of `waiting` that have been run. */
  private taken = 0;
  private ranThisTurn = 0;
  private readonly onTurn = (): void => this.turn();

  constructor(jobsPerTurn: number) {
    this.jobsPerTurn = jobsPerTurn;
  }

  run(job: () => void): void {
    if (this.ranThisTurn >= this.jobsPerTurn) {
      this.waiting.push(job);
      return;
    }
    if (this.ranThisTurn++ === 0) setImmediate(this.onTurn);
    job();
  }

  private turn(): void {
    this.ranThisTurn = Math.min(this.jobsPerTurn, this.waiting.length - this.taken);
    if (this.ranThisTurn === 0) return;
    setImmediate(this.onTurn);
    const end = this.taken + this.ranThisTurn;
    while (this.taken < end) this.waiting[this.taken++]?.();
    if (this.taken < this.waiting.length) return;
    this.waiting = [];
    this.taken = 0;
  }
}

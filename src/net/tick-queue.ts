/**
 * Spreads a burst of jobs over event-loop turns, so that thousands of connections that come or go at once do not keep
 * everybody else waiting. A job that comes alone runs at once.
 */
export class Pacer {
  private readonly jobsPerTurn: number;
  private readonly waiting: (() => void)[] = [];
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
    this.ranThisTurn = Math.min(this.jobsPerTurn, this.waiting.length);
    if (this.ranThisTurn === 0) return;
    setImmediate(this.onTurn);
    // taken out first: what has run holds nothing any more, also when the queue never becomes empty
    for (const job of this.waiting.splice(0, this.ranThisTurn)) job();
  }
}

import type { Clock } from '../../src/router/index.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that passes when it is told to. */
export class FakeClock implements Clock {
  nowMs = 1_749_925_815_123;
  private steppedMs = 0;
  private readonly timers = new Set<Timer>();
  private tickEnds: (() => void)[] = [];

  get timersLeft(): number {
    return this.timers.size;
  }

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs - this.steppedMs;
  }

  /** Somebody sets the clock of the machine. */
  step(ms: number): void {
    this.nowMs += ms;
    this.steppedMs += ms;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.monotonicMs() + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  atTickEnd(run: () => void): void {
    this.tickEnds.push(run);
  }

  /** Ends one event-loop turn; false when nothing waited for that. */
  endTick(): boolean {
    const runs = this.tickEnds;
    this.tickEnds = [];
    for (const run of runs) run();
    return runs.length > 0;
  }

  /** Lets time pass; timers that are due run in their order, each at its own moment. */
  advance(ms: number): void {
    const untilMs = this.monotonicMs() + ms;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs + this.steppedMs);
      due.run();
    }
    this.nowMs = untilMs + this.steppedMs;
  }
}

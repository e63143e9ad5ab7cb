import type { Clock } from '../../src/router/index.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that a test advances by hand. */
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

  /** Sets the wall clock; the monotonic clock continues. */
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

  /** Ends an event-loop tick; false when no callback waited for it. */
  endTick(): boolean {
    const runs = this.tickEnds;
    this.tickEnds = [];
    for (const run of runs) run();
    return runs.length > 0;
  }

  /** Advances the time; due timers run in order, each at its own time. */
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

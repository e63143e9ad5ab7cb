import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** Interval of the measuring timer; a shorter stall may go unnoticed. */
const RESOLUTION_MS = 10;

export interface Delay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Measures how late the event loop runs its timers: a stall here delays every client. */
export class EventLoopDelay {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.histogram.enable();
  }

  /** Returns the delays since the last call. */
  take(): Delay {
    const { histogram } = this;
    const delay =
      histogram.count === 0
        ? { p50Ms: 0, p99Ms: 0, maxMs: 0 }
        : {
            p50Ms: lateness(histogram.percentile(50)),
            p99Ms: lateness(histogram.percentile(99)),
            maxMs: lateness(histogram.max),
          };
    histogram.reset();
    return delay;
  }

  stop(): void {
    this.histogram.disable();
  }
}

/** Node reports the whole interval between two timer runs, which includes the resolution. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}

import { TickQueue } from './tick-queue.ts';

/** Calls of `run` per sweep over all connections: one second. */
const SWEEP_SLICES = 10;
/** Pings sent per event-loop tick: half a millisecond of work. */
const PINGS_PER_TICK = 64;

/** A connection with deadlines and keepalive pings; sends its pings through `pingQueue`. */
export interface TimedConnection {
  checkTimeouts(nowMs: number, pingQueue: TickQueue): void;
}

/** Checks the timeouts of all connections of a transport in slices, so that no tick has to check thousands. */
export class TimeoutSweep {
  private readonly connections: ReadonlySet<TimedConnection>;
  /** Spreads pings over ticks: connections opened together become due together. */
  private readonly pingQueue = new TickQueue(PINGS_PER_TICK);
  /** Position of the current sweep; null between sweeps. */
  private cursor: Iterator<TimedConnection> | null = null;

  constructor(connections: ReadonlySet<TimedConnection>) {
    this.connections = connections;
  }

  /** Checks the next slice. Call every 100 ms. */
  run(): void {
    this.cursor ??= this.connections.values();
    const nowMs = performance.now();
    for (let left = Math.ceil(this.connections.size / SWEEP_SLICES); left > 0; left--) {
      const next = this.cursor.next();
      if (next.done === true) {
        this.cursor = null;
        return;
      }
      next.value.checkTimeouts(nowMs, this.pingQueue);
    }
  }
}

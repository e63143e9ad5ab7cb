import type { Counters } from '../counters.ts';
import type { Clock } from '../interfaces.ts';

/** A coarse clock: read once per event-loop tick, because at 100,000 messages a second reading it per message is measurable. */
export class TickClock {
  /** Start of the current tick's reads, in milliseconds since the epoch. */
  nowMs = 0;
  /** The same by the monotonic clock. */
  startedMs = 0;
  /** Messages read in the current tick. */
  messages = 0;
  private readonly clock: Clock;
  private readonly counters: Counters;
  private open = false;
  private readonly end = (): void => this.close();

  constructor(clock: Clock, counters: Counters) {
    this.clock = clock;
    this.counters = counters;
  }

  /** Call before input is read. */
  begin(): void {
    if (this.open) return;
    this.open = true;
    this.nowMs = this.clock.now();
    this.startedMs = this.clock.monotonicMs();
    this.clock.atTickEnd(this.end);
  }

  /** All messages of the tick are queued. Each is counted with the duration of the whole tick: an upper bound. */
  private close(): void {
    this.open = false;
    if (this.messages === 0) return;
    const seconds = (this.clock.monotonicMs() - this.startedMs) / 1000;
    this.counters.routingLatency.observe(seconds, this.messages);
    this.messages = 0;
  }
}

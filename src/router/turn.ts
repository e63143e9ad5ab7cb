import type { Counters } from './counters.ts';
import type { Clock } from './ports.ts';

/**
 * The event-loop turn in which chunks are read. Its clocks are read once for all of them: at a hundred thousand messages a
 * second even that shows.
 */
export class Turn {
  /** When the first chunk of this turn was read, in milliseconds since the epoch. */
  nowMs = 0;
  /** The same by a clock that never jumps. */
  startedMs = 0;
  /** Messages read in this turn. */
  messages = 0;
  private readonly clock: Clock;
  private readonly counters: Counters;
  private open = false;
  private readonly end = (): void => this.close();

  constructor(clock: Clock, counters: Counters) {
    this.clock = clock;
    this.counters = counters;
  }

  /** A chunk is about to be read. */
  begin(): void {
    if (this.open) return;
    this.open = true;
    this.nowMs = this.clock.now();
    this.startedMs = this.clock.monotonicMs();
    this.clock.atEndOfTurn(this.end);
  }

  /** Everything is queued. Each message is counted with the time of the whole turn: the longest that it can have taken. */
  private close(): void {
    this.open = false;
    if (this.messages === 0) return;
    const seconds = (this.clock.monotonicMs() - this.startedMs) / 1000;
    this.counters.routingLatency.observe(seconds, this.messages);
    this.messages = 0;
  }
}

import type { OutboundQueue } from './outbound-queue.ts';
import type { Clock } from './ports.ts';

/** Bytes written in one event-loop turn before the loop gets to read again. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Flushes every queue that got messages in an event-loop turn, once, at its end. */
export class Flusher {
  private readonly clock: Clock;
  private readonly onHeldUp: (queue: OutboundQueue) => void;
  private dirty: OutboundQueue[] = [];
  private spare: OutboundQueue[] = [];
  private scheduled = false;
  private readonly run = (): void => this.flushAll();

  /** `onHeldUp` is told of each queue whose reader has not taken the previous write yet. */
  constructor(clock: Clock, onHeldUp: (queue: OutboundQueue) => void) {
    this.clock = clock;
    this.onHeldUp = onHeldUp;
  }

  add(queue: OutboundQueue): void {
    this.dirty.push(queue);
    this.schedule();
  }

  /** Flushes everything at once, for a stop that does not wait for the end of the turn. */
  flushAll(): void {
    this.scheduled = false;
    const queues = this.dirty;
    this.dirty = this.spare;
    const now = this.clock.monotonicMs();
    let bytes = 0;
    let done = 0;
    while (done < queues.length && bytes < TURN_BYTES) {
      const queue = queues[done++] as OutboundQueue;
      bytes += queue.bytes;
      queue.flush(now);
      if (queue.isHeldUp) this.onHeldUp(queue);
    }
    this.keepRest(queues, done);
  }

  private keepRest(queues: OutboundQueue[], done: number): void {
    if (done < queues.length) {
      this.dirty = queues.slice(done).concat(this.dirty);
      this.schedule();
    }
    queues.length = 0;
    this.spare = queues;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.atEndOfTurn(this.run);
  }
}

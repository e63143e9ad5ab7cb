import { Lane } from './lane.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { OutboundQueue } from './outbound-queue.ts';
import type { Clock } from './ports.ts';

/** Bytes of a lane written in one event-loop turn before the loop gets to read again. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Receivers of fan-outs written to at a time: a fraction of a millisecond. */
const FAN_OUT_RECEIVERS = 32;
/** The longest that parts of fan-outs follow one another in one turn. */
const FAN_OUT_MS = 2;

/**
 * Makes one write of all messages that a queue got in an event-loop turn, at its end. What goes to many is written to a part
 * of them each turn, so that a broadcast among thousands holds up nobody else; those who still wait get what comes meanwhile
 * by the same write. Who brings in more than a turn can write is not read on until it is written.
 */
export class Flusher {
  /** Queues with messages to them alone: all of them have their turn. */
  readonly prompt = new Lane();
  /** Receivers of messages that go to many. */
  readonly fanOut = new Lane();
  private readonly clock: Clock;
  private readonly budget: MemoryBudget;
  private readonly onHeldUp: (queue: OutboundQueue) => void;
  private scheduled = false;
  private scheduledMs = 0;
  private readonly run = (): void => this.flushTurn();

  /** `onHeldUp` is told of each queue whose reader has not taken the previous write yet. */
  constructor(clock: Clock, budget: MemoryBudget, onHeldUp: (queue: OutboundQueue) => void) {
    this.clock = clock;
    this.budget = budget;
    this.onHeldUp = onHeldUp;
  }

  /** Bytes that wait for their flush. */
  get waitingBytes(): number {
    return this.prompt.waitingBytes + this.fanOut.waitingBytes;
  }

  /** Has `queue` flushed when `lane` comes to it: with this turn, when it is the prompt one. */
  add(queue: OutboundQueue, lane: Lane): void {
    lane.add(queue);
    this.schedule();
  }

  /** True when a message to so many would take up a turn, and so goes by the lane of fan-outs. */
  areMany(receivers: number): boolean {
    return receivers > FAN_OUT_RECEIVERS;
  }

  /** True when more waits in `lane` than the next turn will write. */
  isBehind(lane: Lane): boolean {
    return lane.waitingBytes > this.limitBytes;
  }

  private get limitBytes(): number {
    return Math.min(TURN_BYTES, this.budget.limitBytes / 2);
  }

  private flushTurn(): void {
    this.scheduled = false;
    const { prompt, fanOut, limitBytes } = this;
    const now = this.clock.monotonicMs();
    this.flush(prompt, prompt.size, now);
    if (fanOut.size > 0) this.flushFanOuts(now);
    if (prompt.size + fanOut.size > 0) this.schedule();
    prompt.resumePaused(limitBytes);
    fanOut.resumePaused(limitBytes);
  }

  /** Flushes some receivers of fan-outs, and more while everything else in this turn has taken longer. */
  private flushFanOuts(now: number): void {
    const startMs = this.clock.monotonicMs();
    const shareMs = Math.min(FAN_OUT_MS, startMs - this.scheduledMs);
    do this.flush(this.fanOut, FAN_OUT_RECEIVERS, now);
    while (this.fanOut.size > 0 && this.clock.monotonicMs() - startMs < shareMs);
  }

  /** Flushes what is in `lane` by now, but at most `maxQueues` and about TURN_BYTES. */
  private flush(lane: Lane, maxQueues: number, now: number): void {
    let bytes = 0;
    let queues = 0;
    for (let left = lane.size; left > 0 && queues < maxQueues && bytes < TURN_BYTES; left--) {
      const queue = lane.take();
      if (queue === null) continue;
      queues++;
      bytes += queue.bytes;
      queue.flush(now);
      if (queue.isHeldUp) this.onHeldUp(queue);
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.scheduledMs = this.clock.monotonicMs();
    this.clock.atEndOfTurn(this.run);
  }
}

import type { MemoryBudget } from './memory-budget.ts';
import type { OutboundQueue } from './outbound-queue.ts';
import type { Clock } from './ports.ts';
import { Rounds } from './rounds.ts';

/** Bytes written in one event-loop turn before the loop gets to read again. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Receivers of fan-outs written to in one turn: about a millisecond. More when the turn's other writes took longer. */
const TURN_FAN_OUTS = 128;
/** Bytes waiting for their write, beyond which those who cause fan-outs are not read on. */
const BEHIND_BYTES = 4 * 1024 * 1024;

/** Where a queue waits to be flushed. One that has moved on, or was flushed, is passed over where it was before. */
export const Lane = { none: 0, fanOut: 1, turn: 2 } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

/** Somebody whose messages go to many. */
export interface FanOutSender {
  /** The writes have caught up: goes on reading. */
  resume(): void;
}

/**
 * Makes one write of all messages that a queue got in an event-loop turn, at its end. What goes to many is written to a part
 * of them each turn, so that a broadcast among thousands holds up nobody else; those who still wait get what comes meanwhile
 * by the same write.
 */
export class Flusher {
  /** Bytes that wait in queues for their flush. */
  waitingBytes = 0;
  private readonly clock: Clock;
  private readonly budget: MemoryBudget;
  private readonly onHeldUp: (queue: OutboundQueue) => void;
  private dirty: OutboundQueue[] = [];
  private spare: OutboundQueue[] = [];
  private readonly fanOuts = new Rounds();
  private paused: FanOutSender[] = [];
  private scheduled = false;
  private readonly run = (): void => this.flushTurn();

  /** `onHeldUp` is told of each queue whose reader has not taken the previous write yet. */
  constructor(clock: Clock, budget: MemoryBudget, onHeldUp: (queue: OutboundQueue) => void) {
    this.clock = clock;
    this.budget = budget;
    this.onHeldUp = onHeldUp;
  }

  /** Has `queue` flushed at the end of this turn. */
  add(queue: OutboundQueue): void {
    queue.lane = Lane.turn;
    this.dirty.push(queue);
    this.schedule();
  }

  /** Has `queue` flushed when those before it are, unless `add` comes first. */
  addFanOut(queue: OutboundQueue): void {
    queue.lane = Lane.fanOut;
    this.fanOuts.add(queue);
    this.schedule();
  }

  /** True while senders bring in more than can be written. */
  get isBehind(): boolean {
    return this.waitingBytes > Math.min(BEHIND_BYTES, this.budget.limitBytes / 2);
  }

  /** Resumes `sender` when the writes have caught up. */
  pause(sender: FanOutSender): void {
    this.paused.push(sender);
  }

  private flushTurn(): void {
    this.scheduled = false;
    const now = this.clock.monotonicMs();
    const { dirty } = this;
    this.dirty = this.spare;
    let bytes = 0;
    let at = 0;
    while (at < dirty.length && bytes < TURN_BYTES) bytes += this.flush(dirty[at++] as OutboundQueue, Lane.turn, now);
    this.flushFanOuts(Math.max(TURN_FAN_OUTS, at), now);
    while (at < dirty.length) this.putOff(dirty[at++] as OutboundQueue);
    dirty.length = 0;
    this.spare = dirty;
    if (!this.fanOuts.isEmpty) this.schedule();
    this.resumePaused();
  }

  private flushFanOuts(receivers: number, now: number): void {
    let receiversLeft = receivers;
    let bytesLeft = TURN_BYTES;
    while (receiversLeft > 0 && bytesLeft > 0) {
      const queue = this.fanOuts.take();
      if (queue === null) return;
      const written = this.flush(queue, Lane.fanOut, now);
      bytesLeft -= written;
      if (written > 0) receiversLeft--;
    }
  }

  /** What a turn cannot write goes with the fan-outs. */
  private putOff(queue: OutboundQueue): void {
    if (queue.lane === Lane.turn) this.addFanOut(queue);
  }

  /** Flushes `queue` unless it has left `lane`; returns how many bytes it holds. */
  private flush(queue: OutboundQueue, lane: Lane, now: number): number {
    if (queue.lane !== lane) return 0;
    const { bytes } = queue;
    queue.flush(now);
    if (queue.isHeldUp) this.onHeldUp(queue);
    return bytes;
  }

  /** One after the other, for as long as none of them brings in too much again. */
  private resumePaused(): void {
    if (this.paused.length === 0 || this.isBehind) return;
    const { paused } = this;
    this.paused = [];
    let at = 0;
    while (at < paused.length && !this.isBehind) (paused[at++] as FanOutSender).resume();
    this.paused = paused.slice(at).concat(this.paused);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.atEndOfTurn(this.run);
  }
}

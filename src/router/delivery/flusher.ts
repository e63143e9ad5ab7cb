import type { Clock } from '../interfaces.ts';
import { type Flushable, FlushQueue } from './flush-queue.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** Largest high watermark of a flush queue, and the bytes written in one tick before the event loop reads again. */
const TICK_BYTES = 4 * 1024 * 1024;
/** Smallest high watermark of a flush queue, as a part of the memory budget: senders proceed, slowly, when it is used up. */
const MIN_WATERMARK_SHARE = 1 / 16;
/** Fan-out receivers flushed in a row: a fraction of a millisecond. */
const FAN_OUT_RECEIVERS = 32;
/** Upper bound of the time for fan-outs in one tick. */
const FAN_OUT_MS = 2;

/**
 * Writes each send queue once per event-loop tick, with all messages that it got in that tick. Fan-outs to many receivers
 * are spread over several ticks, so that a broadcast to thousands does not delay unicasts; messages that arrive meanwhile
 * join the same write. Senders that produce more than one tick can flush are paused until the queue drains.
 */
export class Flusher {
  /** Send queues with unicasts: all are flushed in the current tick. */
  readonly direct = new FlushQueue();
  /** Send queues with nothing but fan-out messages. */
  readonly fanOut = new FlushQueue();
  private readonly clock: Clock;
  private readonly budget: MemoryBudget;
  private readonly onBlocked: (queue: Flushable) => void;
  private scheduled = false;
  private scheduledMs = 0;
  private readonly run = (): void => this.flushTick();

  /** Calls `onBlocked` for each flushed send queue whose previous write is still in flight. */
  constructor(clock: Clock, budget: MemoryBudget, onBlocked: (queue: Flushable) => void) {
    this.clock = clock;
    this.budget = budget;
    this.onBlocked = onBlocked;
  }

  /** Bytes that wait for their flush. */
  get waitingBytes(): number {
    return this.direct.waitingBytes + this.fanOut.waitingBytes;
  }

  /** Schedules the flush of `queue` by `flushQueue`. */
  add(queue: Flushable, flushQueue: FlushQueue): void {
    flushQueue.add(queue);
    this.schedule();
  }

  /** True for a number of receivers that one tick should not serve, so that the message goes by the fan-out queue. */
  isFanOut(receivers: number): boolean {
    return receivers > FAN_OUT_RECEIVERS;
  }

  overHighWatermark(flushQueue: FlushQueue): boolean {
    return flushQueue.waitingBytes > this.highWatermarkBytes;
  }

  /**
   * Half of the free memory: a transport may complete a write some ticks later, and until then its bytes stay in the memory
   * budget. Pausing senders in time keeps these writes from being mistaken for slow consumers.
   */
  private get highWatermarkBytes(): number {
    const { limitBytes, usedBytes } = this.budget;
    return Math.min(TICK_BYTES, Math.max(limitBytes * MIN_WATERMARK_SHARE, (limitBytes - usedBytes) / 2));
  }

  private flushTick(): void {
    this.scheduled = false;
    const { direct, fanOut } = this;
    const now = this.clock.monotonicMs();
    this.flush(direct, direct.size, now);
    if (fanOut.size > 0) this.flushFanOuts(now);
    if (direct.size + fanOut.size > 0) this.schedule();
    direct.resumePaused(this.highWatermarkBytes);
    fanOut.resumePaused(this.highWatermarkBytes);
  }

  /** Flushes one batch of fan-out receivers, and more as long as fan-outs take no more time than the rest of the tick. */
  private flushFanOuts(now: number): void {
    const startMs = this.clock.monotonicMs();
    const shareMs = Math.min(FAN_OUT_MS, startMs - this.scheduledMs);
    do this.flush(this.fanOut, FAN_OUT_RECEIVERS, now);
    while (this.fanOut.size > 0 && this.clock.monotonicMs() - startMs < shareMs);
  }

  /** Flushes the entries of `flushQueue`, at most `maxQueues` and about TICK_BYTES. */
  private flush(flushQueue: FlushQueue, maxQueues: number, now: number): void {
    let bytes = 0;
    let queues = 0;
    for (let left = flushQueue.size; left > 0 && queues < maxQueues && bytes < TICK_BYTES; left--) {
      const queue = flushQueue.take();
      if (queue === null) continue;
      queues++;
      bytes += queue.bytes;
      queue.flush(now);
      if (queue.isBlocked) this.onBlocked(queue);
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.scheduledMs = this.clock.monotonicMs();
    this.clock.atTickEnd(this.run);
  }
}

import type { StreamTransport } from '../interfaces.ts';

/** Why a slow consumer is disconnected. */
export type SlowReason = 'slowReaderBytes' | 'slowReaderDeadline' | 'memoryPressure';

/** The stream that a send queue belongs to. */
export interface QueueOwner {
  readonly transport: StreamTransport;
  /** Disconnects the stream: its consumer is too slow. */
  disconnectSlow(reason: SlowReason): void;
}

/** A send queue, as used by the flusher. */
export interface Flushable {
  /** The flush queue that holds it, or null. */
  flushQueue: FlushQueue | null;
  readonly owner: QueueOwner;
  readonly bytes: number;
  /** Bytes that were queued before the current tick while a write was in flight. */
  readonly backlogBytes: number;
  /** True while messages wait behind a write in flight. */
  readonly isBlocked: boolean;
  flush(nowMs: number): void;
}

/** A sender paused by backpressure. */
export interface PausedSender {
  /** Resumes reading, which may pause the sender again. */
  resume(): void;
}

/** Holds paused senders until it drains. */
export interface PauseQueue {
  addPaused(sender: PausedSender): void;
}

/**
 * Send queues that wait for their flush, in order of arrival, and the senders paused until this queue drains. Double
 * buffered: one array is drained while the other fills, so entries are never shifted.
 */
export class FlushQueue implements PauseQueue {
  /** Bytes pushed to this flush queue and not flushed yet. */
  waitingBytes = 0;
  private current: Flushable[] = [];
  private pending: Flushable[] = [];
  private position = 0;
  private paused: PausedSender[] = [];

  /** Number of entries, including those of send queues that moved to another flush queue. */
  get size(): number {
    return this.current.length - this.position + this.pending.length;
  }

  add(queue: Flushable): void {
    queue.flushQueue = this;
    this.pending.push(queue);
  }

  /** Removes the first entry. Null when that send queue was flushed or moved meanwhile. Must not be empty. */
  take(): Flushable | null {
    if (this.position === this.current.length) this.swap();
    const queue = this.current[this.position++] as Flushable;
    return queue.flushQueue === this ? queue : null;
  }

  /** Resumes `sender` once this queue is below its high watermark. */
  addPaused(sender: PausedSender): void {
    this.paused.push(sender);
  }

  /** Resumes paused senders in order until more than `highWatermarkBytes` wait again. */
  resumePaused(highWatermarkBytes: number): void {
    if (this.paused.length === 0) return;
    const { paused } = this;
    this.paused = [];
    let at = 0;
    while (at < paused.length && this.waitingBytes <= highWatermarkBytes) (paused[at++] as PausedSender).resume();
    this.paused = paused.slice(at).concat(this.paused);
  }

  private swap(): void {
    const { current } = this;
    current.length = this.position = 0;
    this.current = this.pending;
    this.pending = current;
  }
}

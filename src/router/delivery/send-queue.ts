import type { Flushable, FlushQueue, QueueOwner } from './flush-queue.ts';
import type { Flusher } from './flusher.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** Longer frames are queued without a copy; shorter ones are copied, so that they do not pin the read buffer that contains them. */
const KEEP_SLICE_BYTES = 16 * 1024;
/** A backlog is written in batches of about this size, so that the age of its oldest message stays accurate. */
const BATCH_BYTES = 64 * 1024;

const NO_BUFFERS: readonly Buffer[] = [];

/**
 * Unsent messages of one stream. Messages of one event-loop tick become one write. One write at a time is in flight; later
 * messages wait in the backlog, whose bytes and age SlowConsumers bounds. Holds no socket and no timer.
 */
export class SendQueue implements Flushable {
  /** All bytes held: of this tick, in the backlog, and in flight. */
  bytes = 0;
  /** Bytes that a blocked stream had queued before this tick: a burst within one tick makes no consumer slow. */
  backlogBytes = 0;
  /** The flush queue that holds this send queue, or null. */
  flushQueue: FlushQueue | null = null;
  readonly owner: QueueOwner;
  private readonly flusher: Flusher;
  private readonly budget: MemoryBudget;
  /** The first message of this tick, usually the only one, and the others. */
  private first: Buffer | null = null;
  private rest: Buffer[] | null = null;
  private pendingBytes = 0;
  /** The part of `pendingBytes` that came by fan-out. */
  private fanOutBytes = 0;
  private backlog: Buffer[] | null = null;
  private backlogSince: number[] | null = null;
  private inFlightBytes = 0;
  private inFlightSince = 0;
  private closed = false;

  constructor(owner: QueueOwner, flusher: Flusher, budget: MemoryBudget) {
    this.owner = owner;
    this.flusher = flusher;
    this.budget = budget;
  }

  /** Queues a framed message; it is written at the end of this tick at the earliest. */
  push(framed: Buffer): void {
    if (this.closed) return;
    this.take(framed);
    const { direct } = this.flusher;
    direct.waitingBytes += framed.length;
    if (this.flushQueue !== direct) this.flusher.add(this, direct);
  }

  /** Queues a framed message of a fan-out: the fan-out queue schedules its write. */
  pushFanOut(framed: Buffer): void {
    if (this.closed) return;
    this.take(framed);
    const { fanOut } = this.flusher;
    this.fanOutBytes += framed.length;
    fanOut.waitingBytes += framed.length;
    if (this.flushQueue === null) this.flusher.add(this, fanOut);
  }

  /** Writes the messages pushed since the last flush, or appends them to the backlog while a write is in flight. */
  flush(nowMs: number): void {
    this.flushQueue = null;
    if (this.pendingBytes === 0) return;
    this.budget.usedBytes += this.pendingBytes;
    if (this.inFlightBytes > 0 || this.pendingBytes > BATCH_BYTES) {
      this.backlogBytes = this.bytes - this.pendingBytes;
      this.moveToBacklog(nowMs);
      if (this.inFlightBytes === 0) this.writeBacklog();
      return;
    }
    const { pendingBytes } = this;
    const first = this.first as Buffer;
    const rest = this.rest ?? NO_BUFFERS;
    this.clearPending();
    this.send(first, rest, pendingBytes, nowMs);
  }

  /** The transport has finished the last write. */
  onWriteComplete(): void {
    this.bytes -= this.inFlightBytes;
    this.budget.usedBytes -= this.inFlightBytes;
    this.inFlightBytes = 0;
    if (this.backlog !== null) this.writeBacklog();
  }

  /** True while messages wait behind a write in flight. */
  get isBlocked(): boolean {
    return this.backlog !== null;
  }

  /** True when nothing is unsent. */
  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  /** True when the write in flight has waited longer than `deadlineMs`. */
  isOverdue(nowMs: number, deadlineMs: number): boolean {
    return this.inFlightBytes > 0 && nowMs - this.inFlightSince > deadlineMs;
  }

  /** Discards everything unsent; later pushes are ignored. */
  close(): void {
    this.closed = true;
    this.budget.usedBytes -= this.bytes - this.pendingBytes;
    this.bytes = this.inFlightBytes = 0;
    this.clearPending();
    this.backlog = this.backlogSince = null;
  }

  private take(framed: Buffer): void {
    if (this.first === null) this.first = framed;
    else if (this.rest === null) this.rest = [framed];
    else this.rest.push(framed);
    this.pendingBytes += framed.length;
    this.bytes += framed.length;
  }

  private clearPending(): void {
    this.first = null;
    this.flusher.direct.waitingBytes -= this.pendingBytes - this.fanOutBytes;
    this.flusher.fanOut.waitingBytes -= this.fanOutBytes;
    this.pendingBytes = this.fanOutBytes = 0;
    this.rest = null;
  }

  private send(first: Buffer, rest: readonly Buffer[], bytes: number, since: number): void {
    this.inFlightBytes = bytes;
    this.inFlightSince = since;
    this.owner.transport.write(first, rest, bytes);
  }

  /** Moves this tick's frames to the backlog, in chunks that neither pin large reads nor exceed a batch. */
  private moveToBacklog(nowMs: number): void {
    this.backlog ??= [];
    this.backlogSince ??= [];
    let chunk: Buffer[] = [];
    let chunkBytes = 0;
    for (const framed of [this.first as Buffer, ...(this.rest ?? NO_BUFFERS)]) {
      if (chunkBytes > 0 && chunkBytes + framed.length > BATCH_BYTES) {
        this.appendChunk(chunk, chunkBytes, nowMs);
        chunk = [];
        chunkBytes = 0;
      }
      chunk.push(framed);
      chunkBytes += framed.length;
    }
    this.appendChunk(chunk, chunkBytes, nowMs);
    this.clearPending();
  }

  private appendChunk(chunk: Buffer[], chunkBytes: number, nowMs: number): void {
    const keep = chunk.length === 1 && chunkBytes >= KEEP_SLICE_BYTES;
    this.backlog?.push(keep ? (chunk[0] as Buffer) : Buffer.concat(chunk, chunkBytes));
    this.backlogSince?.push(nowMs);
  }

  private writeBacklog(): void {
    const backlog = this.backlog as Buffer[];
    const since = this.backlogSince as number[];
    let count = 1;
    let bytes = (backlog[0] as Buffer).length;
    while (count < backlog.length && bytes + (backlog[count] as Buffer).length <= BATCH_BYTES) {
      bytes += (backlog[count] as Buffer).length;
      count++;
    }
    const [first, ...rest] = backlog.splice(0, count);
    const oldest = since.splice(0, count)[0] as number;
    if (backlog.length === 0) this.backlog = this.backlogSince = null;
    this.send(first as Buffer, rest, bytes, oldest);
  }
}

import type { Flusher } from './flusher.ts';
import type { Lane } from './lane.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { P2pStream } from './p2p-stream.ts';
import type { Subscription } from './subscription.ts';

/** Frames at least this long are kept as they are while they wait; shorter ones are copied out of the read they lie in. */
const KEEP_SLICE_BYTES = 16 * 1024;
/** A waiting backlog is written in pieces of about this size, so that the age of its oldest message stays honest. */
const BATCH_BYTES = 64 * 1024;

/** The streams that have a queue. */
export type QueueOwner = P2pStream | Subscription;

/** Why a queue gave up on its reader. */
export type SlowReason = 'slowReaderBytes' | 'slowReaderDeadline' | 'memoryPressure';

/**
 * What waits to be sent on one stream. Messages of one event-loop turn become one write; one write at a time is with the
 * transport, and what comes meanwhile waits here, bounded in bytes and in age by whoever calls `flush` and `isOverdue`.
 * Holds no socket and no timer.
 */
export class OutboundQueue {
  /** Everything held: of this turn, waiting, and with the transport. */
  bytes = 0;
  /** What a held-up reader had before it when this turn's messages came: a burst in one turn makes nobody slow. */
  waitedBytes = 0;
  /** Where this queue waits for its flush. */
  lane: Lane | null = null;
  readonly owner: QueueOwner;
  private readonly flusher: Flusher;
  private readonly budget: MemoryBudget;
  /** The first message of this turn, mostly the only one, and those behind it. */
  private first: Buffer | null = null;
  private rest: Buffer[] = [];
  private freshBytes = 0;
  /** How much of it goes to others as well. */
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

  /** Queues a framed message; it leaves at the end of this event-loop turn at the earliest. */
  push(framed: Buffer): void {
    if (this.closed) return;
    this.take(framed);
    const { prompt } = this.flusher;
    prompt.waitingBytes += framed.length;
    if (this.lane !== prompt) this.flusher.add(this, prompt);
  }

  /** Queues a message that goes to many: it leaves when those before it are served. */
  pushFanOut(framed: Buffer): void {
    if (this.closed) return;
    this.take(framed);
    const { fanOut } = this.flusher;
    this.fanOutBytes += framed.length;
    fanOut.waitingBytes += framed.length;
    if (this.lane === null) this.flusher.add(this, fanOut);
  }

  /** Writes what was pushed since the last flush, or lets it wait behind a write that the transport still holds. */
  flush(nowMs: number): void {
    this.lane = null;
    if (this.freshBytes === 0) return;
    this.budget.usedBytes += this.freshBytes;
    if (this.inFlightBytes > 0 || this.freshBytes > BATCH_BYTES) {
      this.waitedBytes = this.bytes - this.freshBytes;
      this.hold(nowMs);
      if (this.inFlightBytes === 0) this.writeBacklog();
      return;
    }
    const { rest, freshBytes } = this;
    const first = this.first as Buffer;
    this.forgetFresh();
    this.send(first, rest, freshBytes, nowMs);
  }

  /** The transport has taken the last write. */
  written(): void {
    this.bytes -= this.inFlightBytes;
    this.budget.usedBytes -= this.inFlightBytes;
    this.inFlightBytes = 0;
    if (this.backlog !== null) this.writeBacklog();
  }

  /** True while a write is with the transport and more waits behind it. */
  get isHeldUp(): boolean {
    return this.backlog !== null;
  }

  /** True when nothing is left to send. */
  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  /** True when the oldest unsent message has waited longer than `deadlineMs`. */
  isOverdue(nowMs: number, deadlineMs: number): boolean {
    return this.inFlightBytes > 0 && nowMs - this.inFlightSince > deadlineMs;
  }

  /** Forgets everything unsent; later pushes are ignored. */
  close(): void {
    this.closed = true;
    this.budget.usedBytes -= this.bytes - this.freshBytes;
    this.bytes = this.inFlightBytes = 0;
    this.forgetFresh();
    this.backlog = this.backlogSince = null;
  }

  private take(framed: Buffer): void {
    if (this.first === null) this.first = framed;
    else this.rest.push(framed);
    this.freshBytes += framed.length;
    this.bytes += framed.length;
  }

  private forgetFresh(): void {
    this.first = null;
    this.flusher.prompt.waitingBytes -= this.freshBytes - this.fanOutBytes;
    this.flusher.fanOut.waitingBytes -= this.fanOutBytes;
    this.freshBytes = this.fanOutBytes = 0;
    // emptying an array frees its memory, to be allocated again with the next message
    if (this.rest.length > 0) this.rest = [];
  }

  private send(first: Buffer, rest: readonly Buffer[], bytes: number, since: number): void {
    this.inFlightBytes = bytes;
    this.inFlightSince = since;
    this.owner.outlet.write(first, rest, bytes);
  }

  /** Moves this turn's frames to the backlog, in pieces that neither pin large reads nor grow beyond a batch. */
  private hold(nowMs: number): void {
    this.backlog ??= [];
    this.backlogSince ??= [];
    let piece: Buffer[] = [];
    let pieceBytes = 0;
    for (const framed of [this.first as Buffer, ...this.rest]) {
      if (pieceBytes > 0 && pieceBytes + framed.length > BATCH_BYTES) {
        this.holdPiece(piece, pieceBytes, nowMs);
        piece = [];
        pieceBytes = 0;
      }
      piece.push(framed);
      pieceBytes += framed.length;
    }
    this.holdPiece(piece, pieceBytes, nowMs);
    this.forgetFresh();
  }

  private holdPiece(piece: Buffer[], pieceBytes: number, nowMs: number): void {
    const keep = piece.length === 1 && pieceBytes >= KEEP_SLICE_BYTES;
    this.backlog?.push(keep ? (piece[0] as Buffer) : Buffer.concat(piece, pieceBytes));
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

/** Accounts for the bytes that sessions keep, over all of them. */
export interface ReplayBudget {
  add(bytes: number): void;
}

/**
 * The messages to one client that it has not acknowledged, oldest first.
 *
 * Positions count the messages as the router sent them, from 1. The client counts those that it received. Both agree until
 * a kept message had to be dropped before the client received it; the difference is `skipped`, settled at a resume.
 */
export class ReplayBuffer {
  private readonly budget: ReplayBudget;
  private readonly maxBytes: () => number;
  /** Kept messages are `messages[head..]`; the first has position `lastPosition - length + 1`. */
  private messages: Buffer[] = [];
  private head = 0;
  private keptBytes = 0;
  private lastPosition = 0;
  /** Messages that were dropped before the client received them: it does not count them. */
  private skipped = 0;
  /** The position up to which the client has received, or will never receive, every message. */
  private confirmed = 0;
  /** Memory that the kept slices hold: a small message may lie in a large read. An upper estimate. */
  private pinnedBytes = 0;
  private lastBacking: ArrayBufferLike | null = null;

  constructor(budget: ReplayBudget, maxBytes: () => number) {
    this.budget = budget;
    this.maxBytes = maxBytes;
  }

  get length(): number {
    return this.messages.length - this.head;
  }

  get bytes(): number {
    return this.keptBytes;
  }

  /** Keeps `message`, which is not copied. Drops the oldest ones beyond the limit; returns how many. */
  push(message: Buffer): number {
    this.messages.push(message);
    this.lastPosition++;
    this.change(message.length);
    const limit = this.maxBytes();
    let dropped = 0;
    while (this.keptBytes > limit && this.length > 0) {
      this.dropOldest();
      dropped++;
    }
    this.reclaimHead();
    this.limitPinned(message.buffer);
    return dropped;
  }

  /** Drops the oldest messages until `bytes` are released, or all; returns the bytes released. */
  dropBytes(bytes: number): number {
    const before = this.keptBytes;
    while (this.length > 0 && before - this.keptBytes < bytes) this.dropOldest();
    this.reclaimHead();
    return before - this.keptBytes;
  }

  /** Releases what the client has received; false when it claims more than was sent. */
  acknowledge(received: number): boolean {
    const position = received + this.skipped;
    if (position > this.lastPosition) return false;
    this.confirmed = Math.max(this.confirmed, position);
    while (this.length > 0 && this.lastPosition - this.length < position) this.dropOldest();
    this.reclaimHead();
    return true;
  }

  /**
   * Prepares a replay to a client that received `received` messages. Returns the number of messages it will never
   * receive, or null when it claims more than was sent. `skippedBefore` is the `skippedCount` at the time when the client's
   * token was issued: if the response was lost, the client's count does not include later drops.
   */
  resume(received: number, skippedBefore: number): number | null {
    const previous = this.skipped;
    this.skipped = skippedBefore;
    if (!this.acknowledge(received)) {
      this.skipped = previous;
      return null;
    }
    this.confirmed = received + this.skipped;
    return this.skipDropped();
  }

  /**
   * The kept messages are about to be sent. Returns the number of those that were dropped since `resume`: the client will
   * never receive them either.
   */
  startReplay(): number {
    return this.skipDropped();
  }

  /** Replaces each kept message by the result of `change`. */
  transform(change: (message: Buffer) => Buffer): void {
    const before = this.keptBytes;
    this.messages = this.messages.slice(this.head).map(change);
    this.head = 0;
    this.change(this.messages.reduce((sum, { length }) => sum + length, 0) - before);
  }

  /** See `resume`. */
  get skippedCount(): number {
    return this.skipped;
  }

  /** Calls `visit` for each kept message, oldest first. */
  forEach(visit: (message: Buffer) => void): void {
    for (let at = this.head; at < this.messages.length; at++) visit(this.messages[at] as Buffer);
  }

  /** Replaces slices of large reads by one copy of them all: a client that is away may stay so for a minute. */
  compact(): void {
    const copy = Buffer.allocUnsafeSlow(this.keptBytes);
    let at = 0;
    this.messages = this.messages.slice(this.head).map((message) => {
      copy.set(message, at);
      at += message.length;
      return copy.subarray(at - message.length, at);
    });
    this.head = 0;
    this.pinnedBytes = this.keptBytes;
    this.lastBacking = null;
  }

  /** Releases all messages; positions continue. */
  clear(): void {
    this.change(-this.keptBytes);
    this.messages = [];
    this.head = 0;
    this.lastBacking = null;
  }

  /** Copies the kept messages out of the reads in which they lie, once those hold much more memory. */
  private limitPinned(backing: ArrayBufferLike): void {
    if (this.length <= 1) this.pinnedBytes = 0;
    else if (backing === this.lastBacking) return;
    this.lastBacking = backing;
    this.pinnedBytes += backing.byteLength;
    if (this.pinnedBytes > 2 * this.keptBytes + MAX_PINNED_BYTES) this.compact();
  }

  private skipDropped(): number {
    const front = this.lastPosition - this.length;
    const count = Math.max(0, front - this.confirmed);
    this.skipped += count;
    this.confirmed += count;
    return count;
  }

  private dropOldest(): void {
    const oldest = this.messages[this.head] as Buffer;
    this.messages[this.head++] = EMPTY;
    this.change(-oldest.length);
  }

  /** Moves the rest to the front once the released half outweighs it, so that each message moves once on average. */
  private reclaimHead(): void {
    if (this.head < MIN_RECLAIM || this.head < this.length) return;
    this.messages = this.messages.slice(this.head);
    this.head = 0;
  }

  private change(bytes: number): void {
    this.keptBytes += bytes;
    this.budget.add(bytes);
  }
}

const EMPTY = Buffer.alloc(0);
const MIN_RECLAIM = 32;
/** Memory that slices may hold beyond twice their length. */
const MAX_PINNED_BYTES = 256 * 1024;

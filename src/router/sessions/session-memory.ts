import type { MemoryBudget } from '../delivery/memory-budget.ts';
import type { ReplayBudget } from './replay-buffer.ts';

/** The part of `max-buffer-bytes` that sessions may use. */
const SHARE = 1 / 2;
/** Minimum share to release when memory is short, so that not every message triggers a search. */
const MIN_RECLAIM_PART = 1 / 16;

/** Kept messages, which are released when others need the memory. */
export interface Reclaimable {
  /** Drops the oldest messages until `bytes` are released, or all; returns the bytes released. */
  dropBytes(bytes: number): number;
}

/**
 * The memory of all sessions, a part of the router's budget. Others come first: kept messages are released when the
 * budget is exceeded, before a client is disconnected for it.
 */
export class SessionMemory implements ReplayBudget {
  private readonly budget: MemoryBudget;
  private keptBytes = 0;
  /** Fixed cost of the sessions that are away: it bounds their number. */
  private awayBytes = 0;

  /** `kept`: all kept messages, in the order of their release. */
  constructor(budget: MemoryBudget, kept: () => Iterable<Reclaimable>) {
    this.budget = budget;
    budget.reclaim = (bytes) => this.reclaim(bytes, kept());
  }

  /** Adds the bytes of kept messages; negative for released ones. */
  add(bytes: number): void {
    this.keptBytes += bytes;
    this.budget.usedBytes += bytes;
  }

  /** Adds the fixed cost of a session that is away; negative when it returns. */
  addAway(bytes: number): void {
    this.awayBytes += bytes;
    this.budget.usedBytes += bytes;
    const excess = this.keptBytes - this.freeBytes;
    if (bytes > 0 && excess > 0) this.budget.reclaim(excess);
  }

  /** True when the sessions that are away alone exceed the share. */
  get isFull(): boolean {
    return this.freeBytes < 0;
  }

  /** The limit of a session that keeps `bytes`. */
  limitFor(bytes: number): number {
    const { budget, keptBytes } = this;
    return bytes + Math.min(this.freeBytes - keptBytes, budget.limitBytes - budget.usedBytes);
  }

  /** The rest of the share, for messages. */
  private get freeBytes(): number {
    return this.budget.limitBytes * SHARE - this.awayBytes;
  }

  private reclaim(bytes: number, kept: Iterable<Reclaimable>): void {
    let needed = Math.min(this.keptBytes, Math.max(bytes, this.budget.limitBytes * MIN_RECLAIM_PART));
    if (needed <= 0) return;
    for (const buffer of kept) {
      needed -= buffer.dropBytes(needed);
      if (needed <= 0) return;
    }
  }
}

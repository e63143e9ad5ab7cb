import type { MemoryBudget } from '../router/index.ts';

/** A partial message without progress for this long is dropped when memory is short. */
const STALL_TIMEOUT_MS = 5000;
/** Minimum time between two scans of all partial messages. */
const MIN_SCAN_INTERVAL_MS = 100;

/** A stream that holds a partial message. */
export interface PartialHolder {
  /** Time of the last progress, by the monotonic clock. */
  readonly lastProgressMs: number;
  /** Drops the partial message and ends the stream. */
  dropPartial(): void;
}

/** Memory for partially received messages: stalled senders do not keep it from those that make progress. */
export class ReassemblyBudget {
  private readonly budget: MemoryBudget;
  private readonly monotonicMs: () => number;
  private readonly holders = new Set<PartialHolder>();
  private scannedMs = Number.NEGATIVE_INFINITY;

  constructor(budget: MemoryBudget, monotonicMs: () => number) {
    this.budget = budget;
    this.monotonicMs = monotonicMs;
  }

  /**
   * Reserves `bytes`, or releases them when negative. False, and nothing reserved, when they do not fit even without the
   * stalled messages.
   */
  reserve(bytes: number): boolean {
    return this.budget.tryChange(bytes) || (this.dropStalled() && this.budget.tryChange(bytes));
  }

  release(bytes: number): void {
    this.budget.tryChange(-bytes);
  }

  /** Reserves `bytes` that `holder` gives up when it stalls. */
  reserveFor(holder: PartialHolder, bytes: number): boolean {
    if (!this.reserve(bytes)) return false;
    this.holders.add(holder);
    return true;
  }

  /** Releases the `bytes` that `holder` holds. */
  releaseFor(holder: PartialHolder, bytes: number): void {
    this.holders.delete(holder);
    this.release(bytes);
  }

  /** False when the last scan is too recent for another one. */
  private dropStalled(): boolean {
    const nowMs = this.monotonicMs();
    if (nowMs - this.scannedMs < MIN_SCAN_INTERVAL_MS) return false;
    this.scannedMs = nowMs;
    for (const holder of this.holders) if (nowMs - holder.lastProgressMs > STALL_TIMEOUT_MS) holder.dropPartial();
    return true;
  }
}

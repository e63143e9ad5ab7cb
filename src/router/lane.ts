import type { OutboundQueue } from './outbound-queue.ts';

/** Somebody who is not read while what it has sent is not written. */
export interface PausedSender {
  /** Goes on reading, which may pause it again. */
  resume(): void;
}

/**
 * Queues that wait for their flush, in the order in which they came: one round is worked off while the next gathers, so that
 * nothing is moved. And the senders who have brought in more than can be written.
 */
export class Lane {
  /** Bytes that came for this lane and are not flushed. */
  waitingBytes = 0;
  private round: OutboundQueue[] = [];
  private next: OutboundQueue[] = [];
  private taken = 0;
  private paused: PausedSender[] = [];

  /** Entries, those of queues that have left for another lane included. */
  get size(): number {
    return this.round.length - this.taken + this.next.length;
  }

  add(queue: OutboundQueue): void {
    queue.lane = this;
    this.next.push(queue);
  }

  /** Takes out the first queue; null when it has left this lane, or was flushed. There must be an entry. */
  take(): OutboundQueue | null {
    if (this.taken === this.round.length) this.turnOver();
    const queue = this.round[this.taken++] as OutboundQueue;
    return queue.lane === this ? queue : null;
  }

  /** Resumes `sender` when this lane has caught up. */
  pause(sender: PausedSender): void {
    this.paused.push(sender);
  }

  /** Resumes those who were paused, first come first served, until more than `limitBytes` wait again. */
  resumePaused(limitBytes: number): void {
    if (this.paused.length === 0) return;
    const { paused } = this;
    this.paused = [];
    let at = 0;
    while (at < paused.length && this.waitingBytes <= limitBytes) (paused[at++] as PausedSender).resume();
    this.paused = paused.slice(at).concat(this.paused);
  }

  private turnOver(): void {
    const { round } = this;
    round.length = this.taken = 0;
    this.round = this.next;
    this.next = round;
  }
}

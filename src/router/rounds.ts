import type { OutboundQueue } from './outbound-queue.ts';

/** Queues in the order in which they came. One round is worked off while the next gathers, so that nothing is moved. */
export class Rounds {
  private round: OutboundQueue[] = [];
  private next: OutboundQueue[] = [];
  private taken = 0;

  add(queue: OutboundQueue): void {
    this.next.push(queue);
  }

  get isEmpty(): boolean {
    return this.taken === this.round.length && this.next.length === 0;
  }

  /** Takes out the first one; null when there is none. */
  take(): OutboundQueue | null {
    if (this.isEmpty) return null;
    if (this.taken === this.round.length) this.turnOver();
    return this.round[this.taken++] as OutboundQueue;
  }

  private turnOver(): void {
    const { round } = this;
    round.length = this.taken = 0;
    this.round = this.next;
    this.next = round;
  }
}

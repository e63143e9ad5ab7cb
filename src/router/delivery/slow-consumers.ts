import { closeReasonText } from '../messages.ts';
import type { RouterCore } from '../router-core.ts';
import { Session } from '../session.ts';
import type { QueueOwner, SendQueue, SlowReason } from './send-queue.ts';

/** Cuts off readers that do not read, alone, so that nobody else waits for them. */
export class SlowConsumers {
  private readonly core: RouterCore;

  constructor(core: RouterCore) {
    this.core = core;
  }

  /** Called for a queue whose previous write is still with the transport. */
  check(queue: SendQueue): void {
    if (queue.backlogBytes > this.core.limits.maxSendQueueBytes) this.cut(queue.owner, 'slowReaderBytes');
    if (this.core.budget.exceeded) this.shedLoad();
  }

  /**
   * Cuts every stream whose oldest unsent message has waited too long at `monotonicMs`. To be called a few times per
   * deadline.
   */
  sweep(monotonicMs: number): void {
    const deadlineMs = this.core.limits.writeDeadlineMs;
    for (const stream of this.core.streams) {
      if (stream.queue.isOverdue(monotonicMs, deadlineMs)) this.cut(stream, 'slowReaderDeadline');
    }
  }

  /** All clients together hold too much: those who hold most go first. */
  private shedLoad(): void {
    const held = [...this.core.streams].filter((stream) => stream.queue.isBlocked);
    held.sort((a, b) => b.queue.bytes - a.queue.bytes);
    for (const stream of held) {
      if (!this.core.budget.exceeded) return;
      this.cut(stream, 'memoryPressure');
    }
  }

  private cut(stream: QueueOwner, reason: SlowReason): void {
    const { core } = this;
    const unsentBytes = stream.queue.bytes;
    const client = stream instanceof Session ? stream.client : null;
    core.counters.slowReaders++;
    core.log.warnOnce(`slow-reader-${client?.id ?? stream.connection.remote}`, 'Slow reader disconnected', {
      client: client?.id ?? null,
      remote: stream.connection.remote,
      reason: closeReasonText(reason),
      unsentBytes,
    });
    if (client !== null) core.remove(client, reason);
    stream.closed();
    stream.outlet.cut(closeReasonText(reason));
  }
}

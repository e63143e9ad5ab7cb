import { closeReasonText } from './messages.ts';
import type { OutboundQueue, QueueOwner, SlowReason } from './outbound-queue.ts';
import { P2pStream } from './p2p-stream.ts';
import type { RouterCore } from './router-core.ts';

/** Cuts off readers that do not read, alone, so that nobody else waits for them. */
export class SlowReaders {
  private readonly core: RouterCore;

  constructor(core: RouterCore) {
    this.core = core;
  }

  /** Called for a queue whose previous write is still with the transport. */
  check(queue: OutboundQueue): void {
    if (queue.waitedBytes > this.core.limits.maxSendQueueBytes) this.cut(queue.owner, 'slowReaderBytes');
    if (this.core.budget.exceeded) this.relieve();
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
  private relieve(): void {
    const held = [...this.core.streams].filter((stream) => stream.queue.isHeldUp);
    held.sort((a, b) => b.queue.bytes - a.queue.bytes);
    for (const stream of held) {
      if (!this.core.budget.exceeded) return;
      this.cut(stream, 'memoryPressure');
    }
  }

  private cut(stream: QueueOwner, reason: SlowReason): void {
    const { core } = this;
    const unsentBytes = stream.queue.bytes;
    const client = stream instanceof P2pStream ? stream.client : null;
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

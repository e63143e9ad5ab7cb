import type { Limits } from '../interfaces.ts';
import type { Flushable, QueueOwner } from './flush-queue.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { SendQueue } from './send-queue.ts';

/** A stream with a send queue. */
export interface QueuedStream extends QueueOwner {
  readonly queue: SendQueue;
}

export interface SlowConsumersDependencies {
  readonly streams: ReadonlySet<QueuedStream>;
  readonly budget: MemoryBudget;
  readonly limits: () => Limits;
}

/** Disconnects slow consumers; no other stream is blocked by them. */
export class SlowConsumers {
  private readonly deps: SlowConsumersDependencies;

  constructor(deps: SlowConsumersDependencies) {
    this.deps = deps;
  }

  /** Call for a queue whose previous write is still in flight. */
  check(queue: Flushable): void {
    const { limits, budget } = this.deps;
    if (queue.backlogBytes > limits().maxSendQueueBytes) queue.owner.disconnectSlow('slowReaderBytes');
    if (!budget.exceeded) return;
    budget.reclaim(budget.usedBytes - budget.limitBytes);
    if (budget.exceeded) this.shedLoad();
  }

  /** Disconnects every stream whose oldest write exceeds the write deadline. Call a few times per deadline. */
  sweep(monotonicMs: number): void {
    const { streams, limits } = this.deps;
    const deadlineMs = limits().writeDeadlineMs;
    for (const stream of streams) {
      if (stream.queue.isOverdue(monotonicMs, deadlineMs)) stream.disconnectSlow('slowReaderDeadline');
    }
  }

  /** The memory budget is exceeded: disconnects the blocked streams with the longest queues. */
  private shedLoad(): void {
    const { streams, budget } = this.deps;
    const blocked = [...streams].filter((stream) => stream.queue.isBlocked);
    blocked.sort((a, b) => b.queue.bytes - a.queue.bytes);
    for (const stream of blocked) {
      if (!budget.exceeded) return;
      stream.disconnectSlow('memoryPressure');
    }
  }
}

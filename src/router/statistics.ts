import { MESSAGE_TYPES } from '../wire/index.ts';
import type { Counters } from './counters.ts';

/** The data of a `routerStats` event. */
export type RouterStatistics = {
  readonly activeClients: number;
  readonly messagesPerSecond: number;
  /** Received messages since the start: each type that occurred, and `total`. */
  readonly messageTypeCounts: Readonly<Record<string, number>>;
};

/** The messages received since the start, by type. */
export function countsByType({ messagesInByType }: Counters): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { total: 0 };
  MESSAGE_TYPES.forEach((type, index) => {
    const count = messagesInByType[index] as number;
    if (count > 0) counts[type] = count;
    counts.total = (counts.total as number) + count;
  });
  return counts;
}

/** The statistics of several nodes as those of one router. */
export function sumStatistics(nodes: Iterable<RouterStatistics>): RouterStatistics {
  let activeClients = 0;
  let messagesPerSecond = 0;
  const messageTypeCounts: Record<string, number> = {};
  for (const node of nodes) {
    activeClients += node.activeClients;
    messagesPerSecond += node.messagesPerSecond;
    for (const [type, count] of Object.entries(node.messageTypeCounts)) {
      messageTypeCounts[type] = (messageTypeCounts[type] ?? 0) + count;
    }
  }
  return { activeClients, messagesPerSecond, messageTypeCounts };
}

import type { ClientFraming } from '../test/support/framing.ts';
import { broadcastLoop, closedLoop, type LoadResult, paced } from './support/loads.ts';
import type { MeasuredServer } from './support/servers.ts';

/** One measurement of one server. */
export interface Sample {
  readonly messagesPerSecond: number;
  readonly cpuMicrosecondsPerMessage: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

export interface Scenario {
  readonly name: string;
  readonly description: string;
  measure(server: MeasuredServer, framing: ClientFraming): Promise<Sample>;
}

const PAIRS = 20;
const WARM_UP_SHARE = 0.25;

export const SCENARIOS: readonly Scenario[] = [
  unicast('unicast', 32, 100_000),
  unicast('unicast4', 4, 60_000),
  unicast('unicast1', 1, 20_000),
  {
    name: 'paced',
    description: `${PAIRS} pairs, 2,000 messages a second in all`,
    measure: (server, framing) => onPairs(server, framing, PAIRS, (pairs, share) => paced(pairs, 2000, 2 * share)),
  },
  broadcast('broadcast100', 100, 4, 100_000),
  broadcast('broadcast1000', 1000, 2, 30_000),
];

function unicast(name: string, outstanding: number, messages: number): Scenario {
  return {
    name,
    description: `${PAIRS} pairs, ${outstanding} outstanding each`,
    measure: (server, framing) =>
      onPairs(server, framing, PAIRS, (pairs, share) => closedLoop(pairs, outstanding, messages * share)),
  };
}

/** Cost is per delivered message; the echo gets as many streams, each with one message in flight. */
function broadcast(name: string, receivers: number, outstanding: number, deliveries: number): Scenario {
  const broadcasts = deliveries / receivers;
  return {
    name,
    description: `to ${receivers}, ${outstanding} outstanding; per delivery`,
    measure: async (server, framing) => {
      if (server.fanOut === null) {
        return onPairs(server, framing, receivers, (pairs, share) => closedLoop(pairs, 1, deliveries * share));
      }
      const fanOut = await server.fanOut(receivers, framing);
      try {
        return await measured(server, (share) => broadcastLoop(fanOut, outstanding, Math.ceil(broadcasts * share)));
      } finally {
        for (const client of [fanOut.sender, ...fanOut.receivers]) client.close();
      }
    },
  };
}

type PairLoad = (pairs: Awaited<ReturnType<MeasuredServer['pairs']>>, share: number) => Promise<LoadResult>;

async function onPairs(server: MeasuredServer, framing: ClientFraming, count: number, load: PairLoad): Promise<Sample> {
  const pairs = await server.pairs(count, framing);
  try {
    return await measured(server, (share) => load(pairs, share));
  } finally {
    for (const { sender, receiver } of pairs) for (const client of [sender, receiver]) client.close();
  }
}

/** Runs a part of the load as warm-up, then all of it, and measures the processor time of the server. */
async function measured(server: MeasuredServer, load: (share: number) => Promise<LoadResult>): Promise<Sample> {
  await load(WARM_UP_SHARE);
  const before = server.cpuMicroseconds();
  const { messages, seconds, latencies } = await load(1);
  return {
    messagesPerSecond: messages / seconds,
    cpuMicrosecondsPerMessage: (server.cpuMicroseconds() - before) / messages,
    p50Microseconds: latencies.microseconds(0.5),
    p99Microseconds: latencies.microseconds(0.99),
  };
}

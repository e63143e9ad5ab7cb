import type { ClientFraming } from '../../test/support/framing.ts';
import { NatsServer } from '../../test/support/nats-server.ts';
import { poll } from '../../test/support/poll.ts';
import { cpuMicroseconds } from './process-usage.ts';
import { connectClients, type FanOut, type MeasuredServer, type Pair, RouterServer, unicastFrame } from './servers.ts';

/** Two routers joined by NATS; the clients of a pair are on the same router, or on different ones. */
export class ClusterServer implements MeasuredServer {
  readonly name: string;
  private readonly nats: NatsServer;
  private readonly nodes: readonly [RouterServer, RouterServer];
  private readonly crosses: boolean;
  private readonly countsNats: boolean;

  private constructor(
    nats: NatsServer,
    nodes: readonly [RouterServer, RouterServer],
    crosses: boolean,
    countsNats: boolean,
  ) {
    this.nats = nats;
    this.nodes = nodes;
    this.crosses = crosses;
    this.countsNats = countsNats;
    this.name = crosses ? `2 nodes, crossing${countsNats ? ', with NATS' : ''}` : '2 nodes, local';
  }

  /** The same cluster with local and with crossing pairs, the latter without and with the time of nats-server. */
  static async start(): Promise<readonly [ClusterServer, ClusterServer, ClusterServer]> {
    const nats = await NatsServer.start();
    const start = (node: string) => RouterServer.start(['--cluster', nats.url, '--cluster-node', node]);
    const nodes = [await start('a'), await start('b')] as const;
    await poll('the nodes to meet', async () => {
      const { cluster } = await nodes[0].process.status();
      return cluster?.nodes.some(({ state }) => state === 'up');
    });
    return [
      new ClusterServer(nats, nodes, false, false),
      new ClusterServer(nats, nodes, true, false),
      new ClusterServer(nats, nodes, true, true),
    ];
  }

  cpuMicroseconds(): number {
    const pids = [...this.nodes.map(({ pid }) => pid), ...(this.countsNats ? [this.nats.pid] : [])];
    return pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
  }

  /** Half of the pairs in each direction, so that both nodes have the same load. */
  async pairs(count: number, framing: ClientFraming): Promise<Pair[]> {
    const [first, second] = await Promise.all(
      this.nodes.map((node) => connectClients(node.process.port, framing, count)),
    );
    if (first === undefined || second === undefined) return [];
    const all = first.map((client, i) => [client, second[i] ?? client] as const);
    return all.flatMap(([a, b], i) => {
      const [sender, receiver] = this.crosses ? (i % 2 === 0 ? [a, b] : [b, a]) : localPair(all, i);
      return [{ sender: sender.client, receiver: receiver.client, frame: unicastFrame(sender, receiver) }];
    });
  }

  /** Broadcasts are not compared. */
  readonly fanOut: ((receivers: number, framing: ClientFraming) => Promise<FanOut>) | null = null;

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node.process.stop();
    await this.nats[Symbol.asyncDispose]();
  }
}

/** Clients 2i and 2i + 1 of one node: the first node for even pairs, the second for odd ones. */
function localPair<T>(all: readonly (readonly [T, T])[], index: number): readonly [T, T] {
  const side = index % 2 === 0 ? 0 : 1;
  const at = index - side;
  const [sender, receiver] = [all[at]?.[side], all[at + 1]?.[side]];
  if (sender === undefined || receiver === undefined) throw new Error('an even number of pairs is needed');
  return [sender, receiver];
}

import type { ClientFraming } from '../../test/support/framing.ts';
import { cpuMicroseconds } from './process-usage.ts';
import {
  connectClients,
  type FanOut,
  type MeasuredServer,
  type Pair,
  type RouterClient,
  RouterServer,
  unicastFrame,
} from './servers.ts';

const WORKERS = 2;

/** A router with two workers, measured by pairs of clients that are on the same worker, or on different ones. */
export class WorkerServer implements MeasuredServer {
  readonly name: string;
  private readonly router: RouterServer;
  private readonly pids: readonly number[];
  private readonly crosses: boolean;

  private constructor(router: RouterServer, pids: readonly number[], crosses: boolean) {
    this.router = router;
    this.pids = pids;
    this.crosses = crosses;
    this.name = `${WORKERS} workers, ${crosses ? 'crossing' : 'local'}`;
  }

  /** The same router with local and with crossing pairs. */
  static async start(): Promise<readonly [WorkerServer, WorkerServer]> {
    const router = await RouterServer.start(['--workers', String(WORKERS)]);
    const { workers = [] } = await router.process.status();
    const pids = [router.pid, ...workers.map(({ pid }) => pid)];
    return [new WorkerServer(router, pids, false), new WorkerServer(router, pids, true)];
  }

  cpuMicroseconds(): number {
    return this.pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
  }

  async pairs(count: number, framing: ClientFraming): Promise<Pair[]> {
    // more than needed, since the kernel chooses the worker
    const clients = await connectClients(this.router.process.port, framing, 6 * count);
    const nameOf = ({ id }: RouterClient): string => id.slice(-8);
    const [name] = clients.map(nameOf);
    const first = clients.filter((client) => nameOf(client) === name);
    const second = clients.filter((client) => nameOf(client) !== name);
    const pairs = this.crosses ? crossing(first, second) : [...within(first), ...within(second)];
    const used = pairs.slice(0, count);
    if (used.length < count) throw new Error(`${used.length} of ${count} pairs: the clients are on one worker`);
    const needed = new Set(used.flat());
    for (const client of clients) if (!needed.has(client)) client.client.close();
    return used.map(([sender, receiver]) => ({
      sender: sender.client,
      receiver: receiver.client,
      frame: unicastFrame(sender, receiver),
    }));
  }

  /** Broadcasts reach the clients of both workers. */
  get fanOut(): ((receivers: number, framing: ClientFraming) => Promise<FanOut>) | null {
    return this.router.fanOut;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router.process.stop();
  }
}

type ClientPair = readonly [RouterClient, RouterClient];

/** Pairs in both directions, so that both workers have the same load. */
function crossing(first: readonly RouterClient[], second: readonly RouterClient[]): ClientPair[] {
  return first.slice(0, second.length).map((client, i) => {
    const other = second[i] as RouterClient;
    return i % 2 === 0 ? [client, other] : [other, client];
  });
}

function within(clients: readonly RouterClient[]): ClientPair[] {
  return Array.from({ length: Math.floor(clients.length / 2) }, (_, i) => [
    clients[2 * i] as RouterClient,
    clients[2 * i + 1] as RouterClient,
  ]);
}

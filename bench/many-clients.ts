import { setTimeout as delay } from 'node:timers/promises';
import type { ClientFraming } from '../test/support/framing.ts';
import { TempFolder } from '../test/support/temp.ts';
import { Latencies, median } from './support/latencies.ts';
import { closedLoop, paced } from './support/loads.ts';
import { ManyClients } from './support/many-clients.ts';
import { cpuMicroseconds, openFiles, residentBytes } from './support/process-usage.ts';
import { connectClient, multicastFrame, type Pair, RouterServer } from './support/servers.ts';
import { Stalls } from './support/stalls.ts';
import { count, decimal, formatTable } from './support/table.ts';

export interface ManyClientsScenario {
  readonly name: string;
  readonly description: string;
  run(say: (text: string) => void, framing: ClientFraming): Promise<void>;
}

const CLIENTS = 10_000;
const DISCONNECTING = 5_000;
/** Long enough for V8 to detect idleness and collect garbage. */
const SETTLE_MS = 20_000;
const UNICASTS = 20_000;
const COST_ROUNDS = 5;
/** More than are sent while the many clients connect. */
const PROBES = 100_000;
const CHURN_FIRST = 20_000;
const CHURN_TOTAL = 200_000;
const MEBIBYTE = 1024 * 1024;

export const MANY_CLIENTS_SCENARIOS: readonly ManyClientsScenario[] = [
  { name: 'many-clients', description: `${count(CLIENTS)} clients: memory, cost, stalls`, run: manyClients },
  { name: 'idle', description: `${count(CLIENTS)} idle clients, over HTTP/2 and over WebSocket: memory`, run: idle },
  { name: 'churn', description: `${count(CHURN_TOTAL)} clients come and go: what stays behind`, run: churn },
];

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(`${formatTable(head, rows)}\n`);
}

/** Processor time per unicast, in microseconds: one at a time, so that it does not depend on batching. */
async function unicastCost(router: RouterServer, pairs: readonly Pair[]): Promise<number> {
  await closedLoop(pairs, 1, UNICASTS / 2);
  const before = cpuMicroseconds(router.pid);
  await closedLoop(pairs, 1, UNICASTS);
  return (cpuMicroseconds(router.pid) - before) / UNICASTS;
}

/** The cost with many clients and that of a router with these pairs only, in interleaved rounds: medians, and the median ratio. */
async function compareCost(
  loaded: RouterServer,
  pairs: readonly Pair[],
  framing: ClientFraming,
): Promise<{ loaded: number; alone: number; ratio: number }> {
  await using quiet = await RouterServer.start();
  const alone = await quiet.pairs(pairs.length, framing);
  const rounds: { loaded: number; alone: number }[] = [];
  for (let round = 0; round < COST_ROUNDS; round++) {
    rounds.push({ loaded: await unicastCost(loaded, pairs), alone: await unicastCost(quiet, alone) });
  }
  for (const { sender, receiver } of alone) for (const client of [sender, receiver]) client.close();
  return {
    loaded: median(rounds.map((round) => round.loaded)),
    alone: median(rounds.map((round) => round.alone)),
    ratio: median(rounds.map((round) => round.loaded / round.alone)),
  };
}

async function manyClients(say: (text: string) => void, framing: ClientFraming): Promise<void> {
  using folder = new TempFolder();
  const watch = new Stalls(folder);
  await using router = await RouterServer.start(['--health-check-interval', '2s'], watch.env);
  const { port } = router.process;
  const pairs = await router.pairs(20, framing);
  // warm-up: V8 compiles the code
  await unicastCost(router, pairs);
  const baseBytes = residentBytes(router.pid);

  say(`connecting ${count(CLIENTS)} clients at once`);
  await using clients = new ManyClients(port, framing);
  await clients.connect(1);
  const cpuBefore = cpuMicroseconds(router.pid);
  const connectFrom = Date.now();
  const probe = probing(pairs);
  await clients.connect(CLIENTS - 1, CLIENTS);
  const connectSeconds = (cpuMicroseconds(router.pid) - cpuBefore) / 1e6;
  const probed = await probe.stop();
  const connectStretchMs = watch.longestMs(connectFrom);

  say('letting it settle');
  await delay(SETTLE_MS);
  const residentMebibytes = residentBytes(router.pid) / MEBIBYTE;
  say(`unicast among ${count(CLIENTS)} clients, and among 40`);
  const cost = await compareCost(router, pairs, framing);
  print(
    ['figure', 'value'],
    [
      ['RSS, MiB', decimal(residentMebibytes, 1)],
      ['RSS per idle client, KiB', decimal((residentMebibytes * MEBIBYTE - baseBytes) / CLIENTS / 1024, 1)],
      ['CPU to connect them all, s', decimal(connectSeconds)],
      ['p99 of connected clients meanwhile, ms', decimal(probed.p99Ms)],
      ['longest stretch of work meanwhile, ms', decimal(connectStretchMs)],
      ['CPU per unicast among 40, us', decimal(cost.alone)],
      [`CPU per unicast among ${count(CLIENTS)}, us`, decimal(cost.loaded)],
      ['ratio', decimal(cost.ratio)],
    ],
  );
  await stalls(watch, say, router, pairs, clients, framing);
  for (const { sender, receiver } of pairs) for (const client of [sender, receiver]) client.close();
}

/** Memory of an idle client in the router. */
async function idle(say: (text: string) => void, framing: ClientFraming): Promise<void> {
  const rows: string[][] = [];
  for (const protocol of ['http2', 'websocket'] as const) {
    await using router = await RouterServer.start();
    const measured = router.by(protocol);
    // warm-up: V8 compiles the code
    const pairs = await measured.pairs(20, framing);
    await unicastCost(measured, pairs);
    const baseBytes = residentBytes(router.pid);
    say(`connecting ${count(CLIENTS)} clients over ${protocol}`);
    await using clients = new ManyClients(router.process.port, framing, protocol);
    await clients.connect(CLIENTS);
    await delay(SETTLE_MS);
    const bytes = residentBytes(router.pid) - baseBytes;
    rows.push([protocol, decimal(baseBytes / MEBIBYTE, 1), decimal(bytes / CLIENTS / 1024, 1)]);
    for (const { sender, receiver } of pairs) for (const client of [sender, receiver]) client.close();
  }
  print(['protocol', 'RSS before, MiB', 'RSS per idle client, KiB'], rows);
}

/** A light, steady load that measures the effect on other clients; runs until stopped. */
function probing(pairs: readonly Pair[]): { stop: () => Promise<{ p99Ms: number }> } {
  let going = true;
  const done = (async () => {
    const all = new Latencies(PROBES);
    // without spinning: on two cores, the many clients and the router need both
    while (going) all.addAll((await paced(pairs.slice(0, 2), 200, 1, false)).latencies);
    return { p99Ms: all.microseconds(0.99) / 1000 };
  })();
  return {
    stop: () => {
      going = false;
      return done;
    },
  };
}

/** Stalls that affect all clients, with the many clients connected. */
async function stalls(
  watch: Stalls,
  say: (text: string) => void,
  router: RouterServer,
  pairs: readonly Pair[],
  clients: ManyClients,
  framing: ClientFraming,
): Promise<void> {
  const { process: daemon } = router;
  const member = await connectClient(daemon.port, framing, 'bench-caller');
  const { client: caller } = member;
  const toAll = multicastFrame(member, 'many-clients');
  const hundred = Array.from({ length: 100 }, () => toAll);
  const { client: subscriber } = await connectClient(daemon.port, framing, 'bench-subscriber');
  const during = (name: string, job: () => Promise<unknown> | undefined, seconds?: number): Promise<void> => {
    say(name);
    return watch.during(name, pairs.slice(0, 2), async () => void (await job()), seconds);
  };
  const nothing = (): undefined => undefined;
  await during('nothing', nothing, 1);
  await during('health check', nothing, 3);
  await during('statistics (USR1)', async () => daemon.signal('SIGUSR1'));
  await during('metrics scrape', () => fetch(`http://127.0.0.1:${daemon.metricsPort}/metrics`).then((r) => r.text()));
  await during('status document', () => daemon.status());
  await during('getOnlineClients', () => caller.fetch('/router/getOnlineClients', {}));
  await during('getOnlineClients again', () => caller.fetch('/router/getOnlineClients', {}));
  await during('a message to all of them', async () => caller.send(toAll, toAll.length, 1));
  await during('a hundred of those at once', async () => caller.send(Buffer.concat(hundred), toAll.length, 100), 9);
  await during('reload (HUP)', () => daemon.reload());
  await subscriber.subscribe('/router/events', {});
  await during('health check with topologyChanged', nothing, 5);
  await during(`${count(DISCONNECTING)} disconnect at once`, () => clients.close(DISCONNECTING), 6);
  await during(`the host of ${count(CLIENTS - DISCONNECTING)} dies`, async () => clients.kill(), 6);
  print(['what', 'longest stretch of work, ms', 'p99 of others, ms', 'worst, ms'], watch.rows);
  for (const client of [caller, subscriber]) client.close();
}

async function churn(say: (text: string) => void, framing: ClientFraming): Promise<void> {
  await using router = await RouterServer.start();
  await using clients = new ManyClients(router.process.port, framing);
  const rows: string[][] = [];
  const note = async (gone: number): Promise<void> => {
    await router.process.until('all to be gone', (status) => status.connections.current === 0, 30_000);
    await delay(SETTLE_MS);
    rows.push([count(gone), decimal(residentBytes(router.pid) / MEBIBYTE, 1), String(openFiles(router.pid))]);
  };
  say(`the first ${count(CHURN_FIRST)}`);
  await clients.churn(CHURN_FIRST);
  await note(CHURN_FIRST);
  for (let gone = CHURN_FIRST; gone < CHURN_TOTAL; gone += CHURN_FIRST) {
    say(`${count(gone)} of ${count(CHURN_TOTAL)} have come and gone`);
    await clients.churn(CHURN_FIRST);
  }
  await note(CHURN_TOTAL);
  print(['clients gone', 'RSS, MiB', 'open files'], rows);
}

/**
 * `npm run bench`: the router against a bare grpc-js echo, in interleaved rounds, so that other load on the machine affects
 * both equally. Prints medians, and the ratio of the processor time per message for each round.
 */
import { parseArgs } from 'node:util';
import type { ClientFraming } from '../test/support/framing.ts';
import { MANY_CLIENTS_SCENARIOS } from './many-clients.ts';
import { type Sample, SCENARIOS, type Scenario } from './scenarios.ts';
import { measureStarts } from './start.ts';
import { ClusterServer } from './support/cluster-server.ts';
import { median } from './support/latencies.ts';
import { Progress } from './support/progress.ts';
import { EchoServer, type MeasuredServer, RouterServer, WsEchoServer } from './support/servers.ts';
import { count, decimal, formatTable } from './support/table.ts';
import { WorkerServer } from './support/worker-server.ts';

const progress = new Progress(process.stderr);

const WEBSOCKET = 'websocket';
const WORKERS = 'workers';
const CLUSTER = 'cluster';
const ACCESS = 'access';
const START = 'start';
const ACCESS_SCENARIOS: ReadonlySet<string> = new Set(['unicast', 'unicast1', 'broadcast100']);
const WORKER_SCENARIOS: ReadonlySet<string> = new Set(['unicast', 'unicast4', 'unicast1', 'paced', 'broadcast1000']);
const CLUSTER_SCENARIOS: ReadonlySet<string> = new Set(['unicast', 'unicast4', 'unicast1', 'paced']);
const PROTOCOL_SCENARIOS: ReadonlySet<string> = new Set(['unicast', 'unicast1', 'broadcast100', 'broadcast1000']);

const HELP = `Usage: npm run bench -- [--scenario NAME,...] [--rounds N] [--framing 1|2] [--against PATH/dist/main.js]

Against a bare grpc-js echo, or another build with --against (all of these by default):
${describe(SCENARIOS)}

HTTP/2, WebSocket and a bare ws server (by name only):
  ${WEBSOCKET.padEnd(14)} ${[...PROTOCOL_SCENARIOS].join(', ')}; CPU ratio to HTTP/2

One process against two workers, whose pairs of clients are on the same worker or on different ones (by name only):
  ${WORKERS.padEnd(14)} ${[...WORKER_SCENARIOS].join(', ')}; CPU ratio, of all processes, to one process

One router against two joined by NATS, whose pairs of clients are on the same one or on different ones (by name only):
  ${CLUSTER.padEnd(14)} ${[...CLUSTER_SCENARIOS].join(', ')}; CPU ratio, of both routers and of NATS, to one router

Without and with an access file (by name only):
  ${ACCESS.padEnd(14)} ${[...ACCESS_SCENARIOS].join(', ')}; CPU ratio to the router without one

Times of commands, against a Node.js process that does nothing (by name only):
  ${START.padEnd(14)} --version, --help, and until the router listens

With thousands of clients, the router alone (by name only; a minute or more each):
${describe(MANY_CLIENTS_SCENARIOS)}
`;

function describe(scenarios: readonly { readonly name: string; readonly description: string }[]): string {
  return scenarios.map(({ name, description }) => `  ${name.padEnd(14)} ${description}`).join('\n');
}

/** Measures `servers` in interleaved rounds; ratios are relative to the server at index `baseline`. */
async function compare(
  scenarios: readonly Scenario[],
  servers: readonly MeasuredServer[],
  baseline: number,
  { rounds, framing }: { readonly rounds: number; readonly framing: ClientFraming },
): Promise<void> {
  const rows: string[][] = [];
  for (const scenario of scenarios) {
    const samples: Sample[][] = servers.map(() => []);
    for (let round = 1; round <= rounds; round++) {
      progress.say(`${scenario.name}: round ${round} of ${rounds}`);
      for (const [index, server] of servers.entries()) samples[index]?.push(await scenario.measure(server, framing));
    }
    const base = samples[baseline] ?? [];
    for (const [index, { name }] of servers.entries()) {
      const own = samples[index] ?? [];
      const ratios = own.map((it, at) => it.cpuMicrosecondsPerMessage / (base[at]?.cpuMicrosecondsPerMessage ?? 0));
      rows.push(row(index === 0 ? scenario.name : '', name, own, decimal(median(ratios))));
    }
  }
  progress.clear();
  const head = ['scenario', 'server', 'messages/s', 'CPU us/message', 'CPU ratio', 'p50 us', 'p99 us'];
  process.stdout.write(`${formatTable(head, rows)}\n`);
}

async function compareWithEcho(scenarios: readonly Scenario[], options: Parameters<typeof compare>[3]): Promise<void> {
  await using router = await RouterServer.start();
  await using echo = await EchoServer.start();
  await compare(scenarios, [router, echo], 1, options);
}

async function compareWithBuild(
  main: string,
  scenarios: readonly Scenario[],
  options: Parameters<typeof compare>[3],
): Promise<void> {
  await using router = await RouterServer.start();
  await using other = await RouterServer.startBuild(main);
  await compare(scenarios, [router, other], 1, options);
}

async function compareProtocols(options: Parameters<typeof compare>[3]): Promise<void> {
  await using router = await RouterServer.start();
  await using bare = await WsEchoServer.start();
  const scenarios = SCENARIOS.filter(({ name }) => PROTOCOL_SCENARIOS.has(name));
  await compare(scenarios, [router.by('http2'), router.by('websocket'), bare], 0, options);
}

async function compareWorkers(options: Parameters<typeof compare>[3]): Promise<void> {
  await using router = await RouterServer.start();
  const [local, crossing] = await WorkerServer.start();
  await using _workers = local;
  const scenarios = SCENARIOS.filter(({ name }) => WORKER_SCENARIOS.has(name));
  await compare(scenarios, [router, local, crossing], 0, options);
}

async function compareCluster(options: Parameters<typeof compare>[3]): Promise<void> {
  await using router = await RouterServer.start();
  const servers = await ClusterServer.start();
  await using _cluster = servers[0];
  const scenarios = SCENARIOS.filter(({ name }) => CLUSTER_SCENARIOS.has(name));
  await compare(scenarios, [router, ...servers], 0, options);
}

async function compareAccess(options: Parameters<typeof compare>[3]): Promise<void> {
  await using router = await RouterServer.start();
  await using guarded = await RouterServer.startGuarded();
  const scenarios = SCENARIOS.filter(({ name }) => ACCESS_SCENARIOS.has(name));
  await compare(scenarios, [router, guarded], 0, options);
}

function row(scenario: string, server: string, samples: readonly Sample[], ratio: string): string[] {
  const of = (key: keyof Sample): number => median(samples.map((sample) => sample[key]));
  return [
    scenario,
    server,
    count(of('messagesPerSecond')),
    decimal(of('cpuMicrosecondsPerMessage')),
    ratio,
    count(of('p50Microseconds')),
    count(of('p99Microseconds')),
  ];
}

/** Parses the command line; prints an error and returns null if it is invalid. */
function readOptions(): { names: string[]; rounds: number; framing: ClientFraming; against: string | null } | null {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', short: 's' },
      rounds: { type: 'string', short: 'r', default: '3' },
      framing: { type: 'string', default: '2' },
      against: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const names = values.scenario?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const known = new Set([
    WEBSOCKET,
    WORKERS,
    CLUSTER,
    ACCESS,
    START,
    ...[...SCENARIOS, ...MANY_CLIENTS_SCENARIOS].map(({ name }) => name),
  ]);
  const unknown = names.filter((name) => !known.has(name));
  const rounds = Number(values.rounds);
  const framing = Number(values.framing);
  if (values.help === true || unknown.length > 0 || !(rounds >= 1) || (framing !== 1 && framing !== 2)) {
    if (unknown.length > 0) process.stderr.write(`Unknown scenario: ${unknown.join(', ')}\n\n`);
    process.stderr.write(HELP);
    return null;
  }
  return { names, rounds, framing, against: values.against ?? null };
}

const options = readOptions();
if (options === null) process.exitCode = 2;
else {
  const { names, rounds, framing, against } = options;
  process.stdout.write(
    `Node ${process.version}, ${process.arch}; messages framed ${framing === 2 ? 'twice' : 'once'}; ` +
      `medians of ${rounds} interleaved rounds\n\n`,
  );
  const compared = SCENARIOS.filter(({ name }) => names.includes(name));
  if (compared.length > 0) {
    if (against === null) await compareWithEcho(compared, { rounds, framing });
    else await compareWithBuild(against, compared, { rounds, framing });
  }
  if (names.includes(WEBSOCKET)) await compareProtocols({ rounds, framing });
  if (names.includes(WORKERS)) await compareWorkers({ rounds, framing });
  if (names.includes(CLUSTER)) await compareCluster({ rounds, framing });
  if (names.includes(ACCESS)) await compareAccess({ rounds, framing });
  if (names.includes(START)) await measureStarts((text) => progress.say(text));
  for (const scenario of MANY_CLIENTS_SCENARIOS.filter(({ name }) => names.includes(name))) {
    process.stdout.write(`\n${scenario.name}: ${scenario.description}\n`);
    await scenario.run((text) => progress.say(text), framing);
  }
}

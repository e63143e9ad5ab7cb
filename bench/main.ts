/**
 * `npm run bench`: the router against a bare grpc-js echo, in interleaved rounds, so that whatever else the machine does
 * hits both alike. Prints medians, and the ratio of the processor time per message round by round.
 */
import { parseArgs } from 'node:util';
import type { ClientFraming } from '../test/support/framing.ts';
import { MANY_CLIENTS_SCENARIOS } from './many-clients.ts';
import { type Sample, SCENARIOS, type Scenario } from './scenarios.ts';
import { median } from './support/latencies.ts';
import { Progress } from './support/progress.ts';
import { EchoServer, RouterServer } from './support/servers.ts';
import { count, decimal, formatTable } from './support/table.ts';

const progress = new Progress(process.stderr);

const HELP = `Usage: npm run bench -- [--scenario NAME,...] [--rounds N] [--framing 1|2]

Against a bare grpc-js echo (all of these by default):
${describe(SCENARIOS)}

With thousands of clients, the router alone (by name only; a minute or more each):
${describe(MANY_CLIENTS_SCENARIOS)}
`;

function describe(scenarios: readonly { readonly name: string; readonly description: string }[]): string {
  return scenarios.map(({ name, description }) => `  ${name.padEnd(14)} ${description}`).join('\n');
}

async function compare(scenarios: readonly Scenario[], rounds: number, framing: ClientFraming): Promise<void> {
  await using router = await RouterServer.start();
  await using echo = await EchoServer.start();
  const rows: string[][] = [];
  for (const scenario of scenarios) {
    const samples: { router: Sample; echo: Sample }[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress.say(`${scenario.name}: round ${round} of ${rounds}`);
      samples.push({ router: await scenario.measure(router, framing), echo: await scenario.measure(echo, framing) });
    }
    const ratio = median(samples.map((s) => s.router.cpuMicrosecondsPerMessage / s.echo.cpuMicrosecondsPerMessage));
    rows.push(
      row(
        scenario.name,
        'router',
        samples.map((s) => s.router),
        decimal(ratio),
      ),
    );
    rows.push(
      row(
        '',
        'echo',
        samples.map((s) => s.echo),
        decimal(1),
      ),
    );
  }
  progress.clear();
  const head = ['scenario', 'server', 'messages/s', 'CPU us/message', 'CPU ratio', 'p50 us', 'p99 us'];
  process.stdout.write(`${formatTable(head, rows)}\n`);
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

/** Reads the command line; complains and returns null when it makes no sense. */
function readOptions(): { names: string[]; rounds: number; framing: ClientFraming } | null {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', short: 's' },
      rounds: { type: 'string', short: 'r', default: '3' },
      framing: { type: 'string', default: '2' },
      help: { type: 'boolean' },
    },
  });
  const names = values.scenario?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const known = new Set([...SCENARIOS, ...MANY_CLIENTS_SCENARIOS].map(({ name }) => name));
  const unknown = names.filter((name) => !known.has(name));
  const rounds = Number(values.rounds);
  const framing = Number(values.framing);
  if (values.help === true || unknown.length > 0 || !(rounds >= 1) || (framing !== 1 && framing !== 2)) {
    if (unknown.length > 0) process.stderr.write(`Unknown scenario: ${unknown.join(', ')}\n\n`);
    process.stderr.write(HELP);
    return null;
  }
  return { names, rounds, framing };
}

const options = readOptions();
if (options === null) process.exitCode = 2;
else {
  const { names, rounds, framing } = options;
  process.stdout.write(
    `Node ${process.version}, ${process.arch}; messages framed ${framing === 2 ? 'twice' : 'once'}; ` +
      `medians of ${rounds} interleaved rounds\n\n`,
  );
  const compared = SCENARIOS.filter(({ name }) => names.includes(name));
  if (compared.length > 0) await compare(compared, rounds, framing);
  for (const scenario of MANY_CLIENTS_SCENARIOS.filter(({ name }) => names.includes(name))) {
    process.stdout.write(`\n${scenario.name}: ${scenario.description}\n`);
    await scenario.run((text) => progress.say(text), framing);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PROGRAM } from '../test/support/program.ts';
import { median } from './support/latencies.ts';
import { count, decimal, formatTable } from './support/table.ts';

const ROUNDS = 15;

/** `start`: the time that a command takes, as a multiple of a Node.js process that does nothing. */
export async function measureStarts(say: (text: string) => void): Promise<void> {
  const cases: readonly (readonly [string, () => Promise<void>])[] = [
    ['node -e 0', () => ends(['-e', '0'])],
    ['--version', () => ends([...PROGRAM, '--version'])],
    ['--help', () => ends([...PROGRAM, '--help'])],
    ['listening', listens],
    ['listening, --api', () => listens('--api', '--api-port', '0')],
  ];
  const times = cases.map((): number[] => []);
  for (let round = 1; round <= ROUNDS; round++) {
    say(`start: round ${round} of ${ROUNDS}`);
    for (const [index, [, run]] of cases.entries()) {
      const startedMs = performance.now();
      await run();
      times[index]?.push(performance.now() - startedMs);
    }
  }
  const base = times[0] ?? [];
  const rows = cases.map(([name], index) => {
    const own = times[index] ?? [];
    const ratios = own.map((ms, round) => ms / (base[round] ?? 1));
    return [name, count(Math.round(median(own))), decimal(median(ratios))];
  });
  process.stdout.write(`${formatTable(['command', 'ms', 'ratio to node -e 0'], rows)}\n`);
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function ends(args: readonly string[]): Promise<void> {
  const child = start(args);
  child.stdout?.resume();
  await once(child, 'close');
}

/** Starts a router and ends it as soon as it listens. The time of its end is not part of the next measurement. */
async function listens(...options: readonly string[]): Promise<void> {
  const child = start([...PROGRAM, '--host', '127.0.0.1', '--port', '0', ...options]);
  let output = '';
  await new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  child.kill('SIGKILL');
}

import { type ChildProcess, spawn } from 'node:child_process';

import { runCommandLine } from '../../src/commands.ts';
import { within } from '../support/poll.ts';
import { PROGRAM, ROOT } from '../support/program.ts';

const LIMIT_MS = 30_000;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts the program without the parts of the caller's environment that could affect it. */
export function spawnCli(args: readonly string[], { env, cwd }: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [...PROGRAM, ...args], {
    cwd: cwd ?? ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', LC_ALL: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the program to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawnCli(args, options);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    return { code: await within(closed, LIMIT_MS, `the end of: ${args.join(' ')}`), ...output };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Runs the program in this process; for commands that end without listening. */
export async function runInProcess(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
  const capture = (): { text: string; isTTY: boolean; write: (text: string) => boolean } => ({
    text: '',
    isTTY: false,
    write(text: string) {
      this.text += text;
      return true;
    },
  });
  const [stdout, stderr] = [capture(), capture()];
  const asStream = (stream: unknown): NodeJS.WriteStream => stream as NodeJS.WriteStream;
  const code = await runCommandLine({
    argv: args,
    env,
    stdin: process.stdin,
    stdout: asStream(stdout),
    stderr: asStream(stderr),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

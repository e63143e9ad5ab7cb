import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from '../monitoring/programs.ts';
import { poll } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';

const PACKAGE = `${ROOT}clients/dart`;
/** Where test/clients/dart-vm puts one. */
const PREPARED_VM = '/var/tmp/dart-vm/dart';
const PROGRAM_LIMIT_MS = 300_000;

/** A Dart that runs source files, or null: `DART` of the environment, on the PATH, or prepared by test/clients/dart-vm. */
export const DART: string | null =
  process.env.DART || findProgram('dart') || (existsSync(PREPARED_VM) ? PREPARED_VM : null);

export const SKIP_WITHOUT_DART: string | false =
  DART === null && 'SKIPPED: no Dart; run test/clients/dart-vm, or put a Dart SDK on the PATH';

export interface ProgramResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a Dart program of the client's package to its end. */
export async function runDart(program: string, env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
  await using running = startDart(program, env);
  return await running.exited;
}

/** Starts a Dart program of the client's package. The bare VM has no pub, so it is given the list of packages. */
export function startDart(program: string, env: Readonly<Record<string, string>> = {}): RunningProgram {
  const folder = new TempFolder();
  const packages = folder.write('package_config.json', JSON.stringify(packageConfig()));
  const child = spawn(DART ?? 'dart', [`--packages=${packages}`, program], {
    cwd: PACKAGE,
    env: { ...process.env, ...env },
    stdio: 'pipe',
    timeout: PROGRAM_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  return new RunningProgram(child, folder);
}

/** Ends with its standard input, which is closed on disposal. */
export class RunningProgram implements AsyncDisposable {
  readonly exited: Promise<ProgramResult>;
  private readonly child: ChildProcessWithoutNullStreams;
  private output = '';

  constructor(child: ChildProcessWithoutNullStreams, folder: TempFolder) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        folder.remove();
        resolve({ code, output: this.output });
      });
    });
  }

  /** The first line of its output. */
  async firstLine(): Promise<string> {
    await poll('a line of output', () => this.output.includes('\n') || this.child.exitCode !== null, {
      limitMs: PROGRAM_LIMIT_MS,
    });
    if (this.child.exitCode !== null) throw new Error(`the Dart program ended: ${this.output}`);
    return this.output.slice(0, this.output.indexOf('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin.end();
    await this.exited;
  }
}

function packageConfig(): object {
  const client = {
    name: 'rpc_dart_router_client',
    rootUri: new URL(`file://${PACKAGE}/`).href,
    packageUri: 'lib/',
    languageVersion: '3.4',
  };
  return { configVersion: 2, packages: [client] };
}

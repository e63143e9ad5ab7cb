import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { RouterStatus } from '../../src/telemetry/status.ts';
import { poll } from '../support/poll.ts';
import { TempFolder } from '../support/temp.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built program. */
export const MAIN = process.env.DAEMON_TEST_MAIN ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PM2 = fileURLToPath(new URL('../../node_modules/pm2/bin/pm2', import.meta.url));
const RUN_TIMEOUT_MS = 60_000;

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Another PM2 than that of the dependencies. */
  readonly bin?: string;
  /** Another copy of the program. */
  readonly main?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A PM2 home in a temporary folder, the built program, and the command line of PM2. */
export class DaemonFixture implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly home = this.folder.file('pm2');
  readonly pidFile = this.folder.file('router.pid');
  readonly logFile = this.folder.file('router.log');
  /** Options for the paths of all routers of this fixture; `options` adds any free port. */
  readonly paths = ['--pid-file', this.pidFile, '--log-file', this.logFile];
  readonly options = [...this.paths, '--host', '127.0.0.1', '--port', '0'];

  /** Runs `rpc-dart-router` with these arguments, in English by default. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.execute(process.execPath, [options.main ?? MAIN, ...args], options);
  }

  /** Starts a daemon; throws if the start fails. */
  async start(args: readonly string[] = [], options: RunOptions = {}): Promise<Run> {
    const given = args.includes('--port') ? this.options.slice(0, -2) : this.options;
    const run = await this.run(['--daemon-start', ...given, '--no-log-rotation', ...args], options);
    if (run.code !== 0) throw new Error(`--daemon-start: ${run.code}\n${run.stdout}${run.stderr}`);
    return run;
  }

  /** Runs the command line of PM2. */
  pm2(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.execute(process.execPath, [options.bin ?? PM2, ...args], options);
  }

  /** The processes of PM2, by `pm2 jlist`. */
  async pm2List(): Promise<{ name: string; pid: number; pm2_env: Record<string, unknown> }[]> {
    const { stdout } = await this.pm2(['jlist', '--silent']);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1));
  }

  get pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8'));
  }

  get pm2Pid(): number {
    return Number(readFileSync(`${this.home}/pm2.pid`, 'utf8'));
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** `/api/status` of the router, over its control socket. */
  status(): Promise<RouterStatus> {
    return new Promise((resolve, reject) => {
      const socketPath = this.folder.file('router.sock');
      const call = request({ socketPath, path: '/api/status', agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(JSON.parse(body) as RouterStatus));
      });
      call.on('error', reject).end();
    });
  }

  /** Ends all processes of this fixture by pid: PM2 first, so that it restarts nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pm2 = readPid(`${this.home}/pm2.pid`);
    if (pm2 !== null) await end([pm2]);
    await end(processesNaming(this.folder.path));
    this.folder.remove();
  }

  private execute(command: string, args: readonly string[], { env, cwd }: RunOptions): Promise<Run> {
    const child = spawn(command, args, {
      cwd: cwd ?? ROOT,
      env: { ...this.environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const run = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      run.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      run.stderr += chunk;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...run }));
    });
  }

  environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    return { PATH, HOME, PM2_HOME: this.home, LC_ALL: 'C.UTF-8' };
  }
}

async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGCONT');
  for (const pid of pids) signal(pid, 'SIGTERM');
  try {
    await poll('all processes to end', () => pids.every((pid) => !signal(pid, 0)), { limitMs: 8000 });
  } catch {
    for (const pid of pids) signal(pid, 'SIGKILL');
  }
}

/** The processes with the unique folder name on their command line. */
function processesNaming(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLineOf(pid).includes(folder));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** Command line of the program, for tests that spawn it. */
export function commandLine(args: readonly string[]): string[] {
  return [process.execPath, MAIN, ...args];
}

export function readPid(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

/** False when there is no such process. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

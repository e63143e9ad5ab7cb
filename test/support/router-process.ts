import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { RouterStatus } from '../../src/telemetry/status.ts';
import { PATIENCE_MS, type PollOptions, poll, within } from './poll.ts';
import { PROGRAM, ROOT } from './program.ts';
import { TempFolder } from './temp.ts';

const LOG_LIMIT_CHARS = 1_000_000;
const START_LIMIT_MS = 20_000;

export interface RouterExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RouterProcessOptions {
  /** Added to the environment; `ROUTER_*` variables of the caller are never passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder for its files; by default a temporary one, removed at the end. */
  readonly folder?: TempFolder;
  /** Arguments for Node that run the program; this one by default. */
  readonly program?: readonly string[];
}

interface Ports {
  readonly pid: number;
  readonly instanceId: string;
  readonly grpc: number;
  readonly metrics: number | null;
}

/**
 * A router in a separate process. Options in ROUTER_TEST_ARGS, separated by spaces, are added to every router, to run the whole
 * suite with them.
 */
export class RouterProcess implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly args: readonly string[];
  readonly exited: Promise<RouterExit>;
  /** Its output; the beginning is dropped when it becomes too long. */
  log = '';
  exit: RouterExit | null = null;
  private ports: Ports | null = null;
  private readonly child: ChildProcess;
  private readonly ownsFolder: boolean;

  private constructor(args: readonly string[], options: RouterProcessOptions) {
    this.ownsFolder = options.folder === undefined;
    this.folder = options.folder ?? new TempFolder();
    this.args = args;
    this.child = spawn(process.execPath, [...(options.program ?? entry()), ...this.allArgs()], {
      cwd: ROOT,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk) => this.keepLog(chunk));
    this.child.stderr?.on('data', (chunk) => this.keepLog(chunk));
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  /** Starts a router and waits until it listens; throws with its output on failure. */
  static async start(args: readonly string[] = [], options: RouterProcessOptions = {}): Promise<RouterProcess> {
    const router = new RouterProcess(args, options);
    try {
      await router.untilListening();
    } catch (error) {
      await router.stop();
      throw error;
    }
    return router;
  }

  /** Starts a router that is expected to exit; resolves with its exit, the output is in `log`. */
  static async startFailing(args: readonly string[], options: RouterProcessOptions = {}): Promise<RouterProcess> {
    const router = new RouterProcess(args, options);
    try {
      await within(router.exited, START_LIMIT_MS, 'the router to refuse to start');
    } finally {
      await router.stop();
    }
    return router;
  }

  get port(): number {
    return this.listening.grpc;
  }

  get metricsPort(): number | null {
    return this.listening.metrics;
  }

  get instanceId(): string {
    return this.listening.instanceId;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get socketPath(): string {
    return this.folder.file('router.sock');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits until the log has `pattern`, from `from` (a length of the log) on; returns the match. */
  async logged(pattern: RegExp, options: PollOptions & { readonly from?: number } = {}): Promise<RegExpExecArray> {
    return poll(`log line ${pattern}`, () => pattern.exec(this.log.slice(options.from ?? 0)), options);
  }

  /** `/api/status` over the control socket. */
  async status(): Promise<RouterStatus> {
    return JSON.parse(await this.get('/api/status')) as RouterStatus;
  }

  /** Polls the status until `condition` holds, and returns it. */
  async until(
    name: string,
    condition: (status: RouterStatus) => boolean,
    limitMs = PATIENCE_MS,
  ): Promise<RouterStatus> {
    return poll(
      name,
      async () => {
        const status = await this.status();
        return condition(status) ? status : null;
      },
      { limitMs },
    );
  }

  /** The body of a GET over the control socket. */
  async get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.socketPath, path }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      });
      call.on('error', reject).end();
    });
  }

  /** Sends HUP and waits for the outcome. */
  async reload(): Promise<RouterStatus['reload']> {
    const before = (await this.status()).reload.count;
    this.signal('SIGHUP');
    return (await this.until('the reload to be tried', ({ reload }) => reload.count > before)).reload;
  }

  /** Ends the process by SIGTERM, then SIGKILL; removes its folder. Idempotent. */
  async stop(): Promise<RouterExit> {
    if (this.exit === null) {
      this.child.kill('SIGCONT');
      this.child.kill('SIGTERM');
      const kill = setTimeout(() => this.child.kill('SIGKILL'), 3000);
      await this.exited;
      clearTimeout(kill);
    }
    if (this.ownsFolder) this.folder.remove();
    return await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private get listening(): Ports {
    if (this.ports === null) throw new Error('the router is not listening');
    return this.ports;
  }

  private allArgs(): string[] {
    const port = this.args.includes('--port') ? [] : ['--port', '0'];
    const basic = ['--host', '127.0.0.1', ...port, '--ports-file', this.folder.file('ports.json')];
    return [...basic, '--control-socket', this.socketPath, ...extraArgs(this.args), ...this.args];
  }

  private async untilListening(): Promise<void> {
    const file = this.folder.file('ports.json');
    const started = poll(
      'the router to listen',
      () => {
        if (this.exit !== null) return true;
        if (!existsSync(file)) return false;
        const ports = JSON.parse(readFileSync(file, 'utf8')) as Ports;
        // a shared folder may contain the file of an earlier router
        if (ports.pid === this.pid) this.ports = ports;
        return this.ports !== null;
      },
      { limitMs: START_LIMIT_MS },
    );
    try {
      await started;
    } catch (cause) {
      throw new Error(`the router does not listen:\n${this.log}`, { cause });
    }
    if (this.ports === null) throw new Error(`the router exited with ${JSON.stringify(this.exit)}:\n${this.log}`);
  }

  private keepLog(chunk: Buffer): void {
    this.log = (this.log + chunk.toString()).slice(-LOG_LIMIT_CHARS);
  }
}

/** The options in ROUTER_TEST_ARGS, without those that `args` sets itself. */
function extraArgs(args: readonly string[]): string[] {
  const options = (process.env.ROUTER_TEST_ARGS ?? '').split(/ (?=--)/).filter((option) => option !== '');
  return options
    .map((option) => option.split(' '))
    .filter(([name = '']) => !args.includes(name))
    .flat();
}

function entry(): string[] {
  const { ROUTER_TEST_ENTRY } = process.env;
  return ROUTER_TEST_ENTRY ? ['--import', 'tsx', ROUTER_TEST_ENTRY] : [...PROGRAM];
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('ROUTER_') && !name.startsWith('NODE_TEST'),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C.UTF-8' };
}

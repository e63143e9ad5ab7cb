import { createRequire } from 'node:module';
import { isPm2Running, makeStateFolder, pm2Home, pm2Pid, pm2Socket, requireSpace } from './pm2-home.ts';
import {
  type ProcessDefinition,
  type ProcessStatus,
  type ProcessSupervisor,
  type SupervisedProcess,
  SupervisorError,
} from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Callback = (error: unknown, result?: unknown) => void;

/** The part of the PM2 API in use; the types of the package are incomplete. */
interface Pm2 {
  connect(callback: Callback): void;
  disconnect(callback: Callback): void;
  getVersion(callback: Callback): void;
  list(callback: Callback): void;
  start(definition: ProcessDefinition, callback: Callback): void;
  stop(name: string, callback: Callback): void;
  delete(name: string, callback: Callback): void;
}

interface Pm2Process {
  readonly name?: string;
  readonly pid?: number;
  readonly monit?: { readonly memory?: number; readonly cpu?: number };
  readonly pm2_env?: {
    readonly status?: string;
    readonly restart_time?: number;
    readonly exit_code?: number;
    readonly stop_exit_codes?: number | string | readonly (number | string)[];
    readonly pm_exec_path?: string;
    readonly args?: readonly string[] | string;
    readonly env?: Readonly<Record<string, unknown>>;
    readonly pm_cwd?: string;
    readonly pm_out_log_path?: string;
  };
}

const CONNECT_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 10_000;
const DISCONNECT_TIMEOUT_MS = 2000;
/** Limit of Linux for the path of a Unix socket. */
const MAX_SOCKET_PATH_BYTES = 107;

const STATUS: Readonly<Record<string, ProcessStatus>> = {
  launching: 'launching',
  online: 'online',
  'waiting restart': 'waiting',
  stopping: 'stopping',
  stopped: 'stopped',
  errored: 'errored',
};

/** PM2, loaded at `connect`. Only this file imports it. */
export class Pm2Supervisor implements ProcessSupervisor {
  readonly versions: ProcessSupervisor['versions'];
  private readonly pm2: Pm2;
  private readonly env: Environment;

  private constructor(pm2: Pm2, env: Environment, versions: ProcessSupervisor['versions']) {
    this.pm2 = pm2;
    this.env = env;
    this.versions = versions;
  }

  /** Connects to the PM2 daemon of `PM2_HOME`. Launches a daemon if none runs. */
  static async connect(env: Environment): Promise<Pm2Supervisor> {
    const socket = pm2Socket(env);
    if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
      throw new SupervisorError({ kind: 'homeTooLong', home: pm2Home(env) });
    }
    makeStateFolder(env);
    if (!(await isPm2Running(env))) requireSpace(env);
    // PM2 needs an existing working folder, and a launched PM2 daemon keeps that folder
    process.chdir('/');
    const pm2 = (await import('pm2')).default as unknown as Pm2;
    await call(env, 'connect', CONNECT_TIMEOUT_MS, (done) => pm2.connect(done));
    const running = await call(env, 'getVersion', CALL_TIMEOUT_MS, (done) => pm2.getVersion(done));
    const { version } = createRequire(import.meta.url)('pm2/package.json') as { version: string };
    return new Pm2Supervisor(pm2, env, { running: String(running), own: version });
  }

  async list(): Promise<SupervisedProcess[]> {
    const list = await this.call('list', CALL_TIMEOUT_MS, (done) => this.pm2.list(done));
    return (list as Pm2Process[]).map(toSupervised);
  }

  async describe(name: string): Promise<SupervisedProcess | null> {
    return (await this.list()).find((process) => process.name === name) ?? null;
  }

  async start(definition: ProcessDefinition): Promise<void> {
    await this.call('start', CALL_TIMEOUT_MS, (done) => this.pm2.start(definition, done));
  }

  async stop(name: string): Promise<void> {
    await this.call('stop', CALL_TIMEOUT_MS, (done) => this.pm2.stop(name, done));
  }

  async remove(name: string, limitMs = CALL_TIMEOUT_MS): Promise<void> {
    await this.call('delete', limitMs, (done) => this.pm2.delete(name, done));
  }

  async disconnect(): Promise<void> {
    // a connection that cannot be closed ends with this process
    await this.call('disconnect', DISCONNECT_TIMEOUT_MS, (done) => this.pm2.disconnect(done)).catch(() => {});
  }

  private call(name: string, limitMs: number, start: (done: Callback) => void): Promise<unknown> {
    return call(this.env, name, limitMs, start);
  }
}

/** A PM2 call as a promise with a time limit: some calls never run their callback (pm2#5302, #2166). */
function call(env: Environment, name: string, limitMs: number, start: (done: Callback) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new SupervisorError({ kind: 'noAnswer', call: name, seconds: limitMs / 1000, pid: pm2Pid(env) }));
    }, limitMs);
    start((error, result) => {
      clearTimeout(timer);
      if (error) reject(new SupervisorError({ kind: 'failed', call: name, detail: messageOf(error) }));
      else resolve(result);
    });
  });
}

/** PM2 reports errors as Error, string, object with `msg`, or a list of these. */
function messageOf(error: unknown): string {
  if (Array.isArray(error)) return error.map(messageOf).join('; ');
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null) {
    const { msg, message } = error as { msg?: unknown; message?: unknown };
    return String(msg ?? message ?? JSON.stringify(error));
  }
  return String(error);
}

/**
 * Corrects two states of PM2: `waiting restart` of a process whose exit code prevents a restart, and `online` of a process
 * that could not be started.
 */
function statusOf({ pid, pm2_env: env }: Pm2Process): ProcessStatus {
  const status = STATUS[env?.status ?? ''] ?? 'stopped';
  const isFinal =
    env?.exit_code !== undefined && [env.stop_exit_codes ?? []].flat().map(Number).includes(env.exit_code);
  if (status === 'online' && !pid) return 'errored';
  return status === 'waiting' && isFinal ? 'stopped' : status;
}

function toSupervised(found: Pm2Process): SupervisedProcess {
  const { name, pid, monit, pm2_env: env } = found;
  const args = env?.args ?? [];
  return {
    name: name ?? '',
    pid: pid !== undefined && pid > 0 ? pid : null,
    status: statusOf(found),
    restarts: env?.restart_time ?? 0,
    exitCode: env?.exit_code ?? null,
    script: env?.pm_exec_path ?? '',
    args: typeof args === 'string' ? args.split(' ') : args,
    env: Object.fromEntries(Object.entries(env?.env ?? {}).map(([key, value]) => [key, String(value)])),
    folder: env?.pm_cwd ?? null,
    logFile: env?.pm_out_log_path ?? null,
    memoryBytes: monit?.memory ?? 0,
    cpuPercent: monit?.cpu ?? 0,
  };
}

import { readFileSync } from 'node:fs';
import { fetchStatus } from '../cli/index.ts';
import { DEFAULT_CONFIG, loadConfig, type RouterConfig } from '../config/index.ts';
import { hasSameOwner, isAlive, isRouter, readPid } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { commandLineOf, daemonPathsIn } from './command-line.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { optionKey, readOptions } from './options-file.ts';
import { type OtherRouter, ownerOf, SERVICE_PID_FILE, wasStartedFrom } from './router-owner.ts';
import type { ProcessSupervisor, SupervisedProcess } from './supervisor.ts';
import { absolutePath } from './working-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** State of a daemon that is known without a request to it. */
export interface LocatedDaemon {
  /** Entry in PM2; null without one. */
  readonly supervised: SupervisedProcess | null;
  /** Pid of the router in this PM2 home or in the given pid file; null if it does not run. */
  readonly pid: number | null;
  /** True for a router of this PM2 home: the saved options are those of this router. */
  readonly isOwn: boolean;
  readonly paths: DaemonPaths;
  /** Another router on the default paths; set only if `supervised` and `pid` are null. */
  readonly other: OtherRouter | null;
}

export interface FoundDaemon extends LocatedDaemon {
  /** Status reported by the router, null when it does not answer. */
  readonly status: RouterStatus | null;
}

/** PM2 runs another program under the daemon's name; the commands refuse to touch it. */
export class ForeignProcess extends Error {
  readonly script: string;

  constructor(script: string) {
    super(script);
    this.script = script;
  }
}

function isRouterDefinition({ script, args }: SupervisedProcess): boolean {
  return /\/main\.[jt]s$/.test(script) && args.some((arg) => optionKey(arg) === 'control-socket');
}

/** Looks a daemon up in PM2, in its pid file and on its control socket. */
export async function findDaemon(
  config: RouterConfig,
  env: Environment,
  supervisor: ProcessSupervisor | null,
): Promise<FoundDaemon> {
  const located = await locateDaemon(config, env, supervisor);
  return { ...located, status: await statusOf(located) };
}

/** Status of a router. The pid has to match, since in a shared folder another user may own the socket. */
export async function statusOf({ pid, paths }: Pick<LocatedDaemon, 'pid' | 'paths'>): Promise<RouterStatus | null> {
  const status = pid === null ? null : await fetchStatus(paths.controlSocket);
  return status?.pid === pid ? status : null;
}

/** Looks a daemon up in PM2 and in its pid file. Sends no request, since the daemon may hang. */
export async function locateDaemon(
  config: RouterConfig,
  env: Environment,
  supervisor: ProcessSupervisor | null,
): Promise<LocatedDaemon> {
  const supervised = (await supervisor?.describe(config.name)) ?? null;
  if (supervised !== null && !isRouterDefinition(supervised)) throw new ForeignProcess(supervised.script);
  const named = config.pidFile === null ? null : routerPid(absolutePath(config.pidFile));
  if (supervised !== null && (named === null || named === supervised.pid))
    return locateSupervised(config, env, supervised);
  return named === null ? locateBySavedOptions(config, env) : locateByPidFile(config, env, named);
}

/** A daemon with an entry in PM2. Its process may still run if PM2 has lost it. */
function locateSupervised(config: RouterConfig, env: Environment, supervised: SupervisedProcess): LocatedDaemon {
  const paths = supervisedPaths(config, supervised);
  const pid = livePid(supervised.pid) ?? pidOfThisHome(paths.pidFile, env);
  return { supervised, pid, isOwn: true, paths, other: null };
}

/** A running router in the given pid file. */
function locateByPidFile(config: RouterConfig, env: Environment, pid: number): LocatedDaemon {
  const isOwn = wasStartedFrom(pid, env);
  return { supervised: null, pid, isOwn, paths: daemonPathsIn(commandLineOf(pid), config), other: null };
}

/** Without PM2, the saved options of the last start contain the paths. */
function locateBySavedOptions(config: RouterConfig, env: Environment): LocatedDaemon {
  const paths = savedPaths(config, env);
  const pid = pidOfThisHome(paths.pidFile, env);
  const other = pid === null && config.pidFile === null ? otherRouter(config, paths) : null;
  return { supervised: null, pid, isOwn: pid !== null, paths, other };
}

/** The pid in the file, if that router belongs to this PM2 home: another router may use the same path. */
function pidOfThisHome(pidFile: string, env: Environment): number | null {
  const pid = routerPid(pidFile);
  return pid !== null && wasStartedFrom(pid, env) ? pid : null;
}

function otherRouter(config: RouterConfig, paths: DaemonPaths): OtherRouter | null {
  const usual = [paths.pidFile, daemonPathsOf(config).pidFile];
  if (config.name === DEFAULT_CONFIG.name) usual.push(SERVICE_PID_FILE);
  const pid = usual.map(routerPid).find((found) => found !== null);
  return pid == null ? null : { pid, paths: daemonPathsIn(commandLineOf(pid), config), owner: ownerOf(pid) };
}

function livePid(pid: number | null): number | null {
  return pid !== null && isAlive(pid) ? pid : null;
}

function routerPid(pidFile: string): number | null {
  const pid = readPid(pidFile);
  return pid !== null && isAlive(pid) && isRouter(pid) && hasSameOwner(pidFile, pid) ? pid : null;
}

function supervisedPaths(config: RouterConfig, { args, logFile }: SupervisedProcess): DaemonPaths {
  const paths = daemonPathsIn(args, config);
  return { ...paths, logFile: logFile ?? paths.logFile };
}

/** Paths from the saved options of the last start, unless another pid file is given now. */
function savedPaths(config: RouterConfig, env: Environment): DaemonPaths {
  const saved = readOptions(env, config.name);
  const loaded = saved === null ? null : loadConfig({ argv: saved, env: {}, readFile });
  if (!loaded?.ok) return daemonPathsOf(config);
  const before = daemonPathsOf({ ...loaded.config, name: config.name });
  if (config.pidFile !== null && absolutePath(config.pidFile) !== before.pidFile) return daemonPathsOf(config);
  const given = daemonPathsOf({ ...config, pidFile: before.pidFile });
  return {
    pidFile: before.pidFile,
    logFile: config.logFile === null ? before.logFile : given.logFile,
    controlSocket: config.controlSocket === null ? before.controlSocket : given.controlSocket,
  };
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

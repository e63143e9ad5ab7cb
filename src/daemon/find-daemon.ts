import { readFileSync } from 'node:fs';
import { fetchStatus } from '../cli/index.ts';
import { DEFAULT_CONFIG, loadConfig, type RouterConfig } from '../config/index.ts';
import { hasSameOwner, isAlive, isRouter, readPid } from '../host/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { commandLineOf, daemonPathsIn } from './command-line.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { keyOf, readOptions } from './options-file.ts';
import { isOfHome, type OtherRouter, ownerOf, SERVICE_PID_FILE } from './owner.ts';
import type { ProcessSupervisor, SupervisedProcess } from './supervisor.ts';
import { absolutePath } from './working-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** State of a daemon that is visible without a request to it. */
export interface LocatedDaemon {
  /** The entry of PM2, null without one. */
  readonly supervised: SupervisedProcess | null;
  /** The router's process, null when there is none. It is one that this PM2 home or a given pid file names. */
  readonly pid: number | null;
  /** True for a router of this PM2 home: its kept options are those of this router. */
  readonly isOwn: boolean;
  readonly places: DaemonPaths;
  /** Looked for when there is none of these. */
  readonly other: OtherRouter | null;
}

export interface FoundDaemon extends LocatedDaemon {
  /** Status reported by the router, null when it does not answer. */
  readonly status: RouterStatus | null;
}

/** PM2 runs another program under the daemon's name, which is not to be touched. */
export class ForeignProcess extends Error {
  readonly script: string;

  constructor(script: string) {
    super(script);
    this.script = script;
  }
}

function isRouterDefinition({ script, args }: SupervisedProcess): boolean {
  return /\/main\.[jt]s$/.test(script) && args.some((arg) => keyOf(arg) === 'control-socket');
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
export async function statusOf({ pid, places }: Pick<LocatedDaemon, 'pid' | 'places'>): Promise<RouterStatus | null> {
  const status = pid === null ? null : await fetchStatus(places.controlSocket);
  return status?.pid === pid ? status : null;
}

/** Looks a daemon up in PM2 and in its pid file. It may hang: it is not asked. */
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
  return named === null ? locateKept(config, env) : locateNamed(config, env, named);
}

/** PM2 has it. When it has lost the process, that may run on nevertheless. */
function locateSupervised(config: RouterConfig, env: Environment, supervised: SupervisedProcess): LocatedDaemon {
  const places = supervisedPaths(config, supervised);
  const pid = livePid(supervised.pid) ?? ownPid(places.pidFile, env);
  return { supervised, pid, isOwn: true, places, other: null };
}

/** A pid file was given that names a running router. */
function locateNamed(config: RouterConfig, env: Environment, pid: number): LocatedDaemon {
  const isOwn = isOfHome(pid, env);
  return { supervised: null, pid, isOwn, places: daemonPathsIn(commandLineOf(pid), config), other: null };
}

/** Without PM2, the options that were kept of the last start say where it was. */
function locateKept(config: RouterConfig, env: Environment): LocatedDaemon {
  const places = keptPaths(config, env);
  const pid = ownPid(places.pidFile, env);
  const other = pid === null && config.pidFile === null ? otherRouter(config, places) : null;
  return { supervised: null, pid, isOwn: pid !== null, places, other };
}

/** Neither a default path nor a kept one proves that a router is of this PM2 home: another may have its file there. */
function ownPid(pidFile: string, env: Environment): number | null {
  const pid = routerPid(pidFile);
  return pid !== null && isOfHome(pid, env) ? pid : null;
}

function otherRouter(config: RouterConfig, places: DaemonPaths): OtherRouter | null {
  const usual = [places.pidFile, daemonPathsOf(config).pidFile];
  if (config.name === DEFAULT_CONFIG.name) usual.push(SERVICE_PID_FILE);
  const pid = usual.map(routerPid).find((found) => found !== null);
  return pid == null ? null : { pid, places: daemonPathsIn(commandLineOf(pid), config), owner: ownerOf(pid) };
}

function livePid(pid: number | null): number | null {
  return pid !== null && isAlive(pid) ? pid : null;
}

function routerPid(pidFile: string): number | null {
  const pid = readPid(pidFile);
  return pid !== null && isAlive(pid) && isRouter(pid) && hasSameOwner(pidFile, pid) ? pid : null;
}

function supervisedPaths(config: RouterConfig, { args, logFile }: SupervisedProcess): DaemonPaths {
  const places = daemonPathsIn(args, config);
  return { ...places, logFile: logFile ?? places.logFile };
}

/** By the options that were kept of the last start, unless another pid file is given now. */
function keptPaths(config: RouterConfig, env: Environment): DaemonPaths {
  const kept = readOptions(env, config.name);
  const loaded = kept === null ? null : loadConfig({ argv: kept, env: {}, readFile });
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

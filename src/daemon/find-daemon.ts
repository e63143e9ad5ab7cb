import { readFileSync } from 'node:fs';
import { type LoadedConfig, loadConfig, type RouterConfig } from '../config/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import { askStatus } from './control.ts';
import { keptOptions, keyOf, optionsFile, readOptions } from './options-file.ts';
import { type Places, placesOf } from './places.ts';
import { hasSameOwner, isAlive, isRouter, readPid } from './processes.ts';
import type { ProcessSupervisor, SupervisedProcess } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What can be known of the daemon with a name without asking it. */
export interface LocatedDaemon {
  /** What PM2 knows, null when it does not have it. */
  readonly supervised: SupervisedProcess | null;
  /** The router's process, null when there is none. */
  readonly pid: number | null;
  readonly places: Places;
}

export interface FoundDaemon extends LocatedDaemon {
  /** What the router says of itself, null when it does not answer. */
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
  const status = located.pid === null ? null : await askStatus(located.places.controlSocket);
  // in a shared folder, anybody may put a socket there
  return { ...located, status: status?.pid === located.pid ? status : null };
}

/** Looks a daemon up in PM2 and in its pid file. It may hang: it is not asked. */
export async function locateDaemon(
  config: RouterConfig,
  env: Environment,
  supervisor: ProcessSupervisor | null,
): Promise<LocatedDaemon> {
  const supervised = (await supervisor?.describe(config.name)) ?? null;
  if (supervised !== null && !isRouterDefinition(supervised)) throw new ForeignProcess(supervised.script);
  const places = supervised === null ? keptPlaces(config, env) : supervisedPlaces(config, supervised);
  const pid = livePid(supervised?.pid ?? null) ?? routerPid(places.pidFile);
  return { supervised, pid, places };
}

function livePid(pid: number | null): number | null {
  return pid !== null && isAlive(pid) ? pid : null;
}

function routerPid(pidFile: string): number | null {
  const pid = readPid(pidFile);
  return pid !== null && isAlive(pid) && isRouter(pid) && hasSameOwner(pidFile, pid) ? pid : null;
}

/** Where a process that PM2 runs has its files: its command line says so. */
function supervisedPlaces(config: RouterConfig, { args, logFile }: SupervisedProcess): Places {
  const places = placesOf(config);
  const value = (key: string): string | undefined => args.findLast((arg) => keyOf(arg) === key)?.slice(key.length + 3);
  return {
    pidFile: value('pid-file') ?? places.pidFile,
    controlSocket: value('control-socket') ?? places.controlSocket,
    logFile: logFile ?? places.logFile,
  };
}

/** Without PM2, by the options that were kept of the last start; what is given now counts more. */
function keptPlaces(config: RouterConfig, env: Environment): Places {
  const kept = readOptions(env, config.name);
  if (kept === null) return placesOf(config);
  const loaded = loadConfig({ argv: kept, env: {}, readFile });
  if (!loaded.ok) return placesOf(config);
  const { pidFile, logFile, controlSocket } = config;
  return placesOf({
    ...config,
    pidFile: pidFile ?? loaded.config.pidFile,
    logFile: logFile ?? loaded.config.logFile,
    controlSocket: controlSocket ?? loaded.config.controlSocket,
  });
}

/** What a daemon was started with: the options that were kept, or those on its command line. */
export function startedWith(env: Environment, supervised: SupervisedProcess): string[] {
  return withBaseFolder(givenOptions(env, supervised), supervised.folder);
}

function givenOptions(env: Environment, { name, args, logFile }: SupervisedProcess): string[] {
  const file = optionsFile(env, name);
  const kept = args.includes(`--options-file=${file}`) ? readOptions(env, name) : null;
  if (kept !== null) return kept;
  const onCommandLine = keptOptions(args, '/').filter((option) => option !== '--log-file=-');
  return logFile === null ? onCommandLine : [...onCommandLine, `--log-file=${logFile}`];
}

/** Under an older version, relative paths started at the working folder. */
function withBaseFolder(options: string[], folder: string | null): string[] {
  if (folder === null || options.some((option) => keyOf(option) === 'base-folder')) return options;
  return [`--base-folder=${folder}`, ...options];
}

/** The configuration that a daemon has with these options in this environment. */
export function configurationOf(options: readonly string[], env: Environment): LoadedConfig {
  return loadConfig({ argv: [...options], env: routerVariables(env), readFile });
}

/** The variables that are options. */
export function routerVariables(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(daemonEnvironment(env)).filter(([name]) => name.startsWith('ROUTER_')));
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

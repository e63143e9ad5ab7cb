import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../cli/index.ts';
import {
  DEFAULT_CONFIG,
  environmentName,
  expandHome,
  loadConfig,
  OPTIONS,
  type Option,
  type RouterConfig,
} from '../config/index.ts';
import { programFile } from '../host/index.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { pm2Home } from './pm2-home.ts';
import type { ProcessDefinition } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment that a router process is launched in. */
export interface LaunchEnvironment {
  readonly env: Environment;
  /** Working folder of the command: relative paths in the environment are resolved against it. */
  readonly folder: string;
  /** True when the router rotates the log itself. */
  readonly rotates: boolean;
}

const MAIN = fileURLToPath(programFile('main'));
/** PM2 kills a process that is this much later than it promised to be. */
const KILL_RESERVE_MS = 2000;
const FIRST_RESPAWN_DELAY_MS = 100;
/** Part of every name. PM2 leaves out what has it in its name; `true`, as it documents, leaves out nothing. */
export const EVERY_VARIABLE = [''];
/** What a router may need of the environment; everything else stays out of PM2, which keeps it in clear text. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|NODE_ENV|NODE_EXTRA_CA_CERTS|INVOCATION_ID|ROUTER_\w+)$/;

/** The environment that the router's process gets. */
export function daemonEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => PASSED_ON.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

/** Relative paths in `ROUTER_*` made absolute. */
function absolutePaths(env: Record<string, string>, folder: string): Record<string, string> {
  const names = new Set((OPTIONS as readonly Option[]).filter(({ type }) => type === 'path').map(environmentName));
  const absolute = (name: string, value: string): string =>
    names.has(name) && value !== '' && value !== '-' ? resolve(folder, expandHome(value)) : value;
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, absolute(name, value)]));
}

/**
 * How PM2 runs a program of ours with this Node.js. By way of a shell that replaces itself, PM2 adds no code of its own.
 * The script is named within the working folder: PM2 takes one with a space in its path for a shell command.
 */
export function nodeProgram(path: string, nodeArguments: readonly string[] = []) {
  return {
    script: basename(path),
    // a folder that exists as long as the program does: PM2 starts nothing in one that was removed
    cwd: dirname(path),
    interpreter: '/bin/sh',
    interpreter_args: ['-c', 'exec "$0" "$@"', process.execPath, ...nodeArguments],
    exec_mode: 'fork',
    instances: 1,
  } as const;
}

/**
 * How PM2 runs the router: the one definition that `--daemon-start` and ecosystem.config.js share. `options` stand first on
 * the router's command line; the files are fixed behind them, and the log goes to PM2.
 */
export function appDefinition(
  config: RouterConfig,
  places: DaemonPaths,
  options: readonly string[],
  { env, folder, rotates }: LaunchEnvironment,
): ProcessDefinition {
  return {
    name: config.name,
    ...nodeProgram(MAIN, loaderArguments()),
    args: [
      ...options,
      '--supervised',
      `--name=${config.name}`,
      ...(config.endPm2 ? ['--end-pm2'] : []),
      '--log-file=-',
      `--output-file=${places.logFile}`,
      ...(rotates ? [] : ['--no-log-rotation']),
      `--pid-file=${places.pidFile}`,
      `--control-socket=${places.controlSocket}`,
    ],
    out_file: places.logFile,
    error_file: places.logFile,
    merge_logs: true,
    time: false,
    autorestart: true,
    exp_backoff_restart_delay: FIRST_RESPAWN_DELAY_MS,
    stop_exit_codes: [EXIT.usage, EXIT.stopped],
    kill_timeout: config.shutdownTimeoutMs + KILL_RESERVE_MS,
    max_memory_restart: config.maxMemory,
    wait_ready: false,
    treekill: false,
    watch: false,
    vizion: false,
    pmx: false,
    filter_env: EVERY_VARIABLE,
    env: {
      ...absolutePaths(daemonEnvironment(env), folder),
      PM2_HOME: pm2Home(env),
      ...(config.nodeOptions === null ? {} : { NODE_OPTIONS: config.nodeOptions }),
    },
  };
}

/** The program's own command line, for a process beside the router. */
export function mainCommand(): [string, ...string[]] {
  return [process.execPath, ...loaderArguments(), MAIN];
}

/** From the sources, as tests may, the same loader is needed again. */
function loaderArguments(): string[] {
  return MAIN.endsWith('.ts') ? ['--import', 'tsx'] : [];
}

/** For ecosystem.config.js: options come from `ROUTER_*` and from the configuration file, when there is one. */
export function ecosystemApp(
  configFile: string,
  { env, folder }: Omit<LaunchEnvironment, 'rotates'>,
): { app: ProcessDefinition; places: DaemonPaths } {
  const named = isReadable(configFile) && env.ROUTER_CONFIG === undefined ? [`--config=${configFile}`] : [];
  const options = [`--base-folder=${folder}`, ...named];
  const loaded = loadConfig({
    argv: options,
    env: routerVariables(env),
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  // a configuration with mistakes is for the router itself to complain about, in its log
  const config = loaded.ok ? loaded.config : DEFAULT_CONFIG;
  const places = daemonPathsOf(config);
  return {
    app: appDefinition(config, places, options, {
      env,
      folder,
      rotates: config.logRotation && config.logRotator === 'rename',
    }),
    places,
  };
}

function routerVariables(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('ROUTER_')));
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

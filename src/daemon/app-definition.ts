import { readFileSync, realpathSync } from 'node:fs';
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
/** Time beyond the shutdown timeout after which PM2 kills the process. */
const KILL_MARGIN_MS = 2000;
const FIRST_RESPAWN_DELAY_MS = 100;
/** Matches every variable name: PM2 filters variables by substring. `true`, the documented value, filters none. */
export const FILTER_ALL_VARIABLES = [''];
/** Variables passed to the router. All others are withheld, since PM2 stores the environment in clear text. */
const PASSED_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|NODE_ENV|NODE_EXTRA_CA_CERTS|INVOCATION_ID|ROUTER_\w+)$/;

/** The environment of the router process. */
export function daemonEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => PASSED_VARIABLES.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

/** Makes relative paths in `ROUTER_*` variables absolute. */
function absolutePaths(env: Record<string, string>, folder: string): Record<string, string> {
  const names = new Set((OPTIONS as readonly Option[]).filter(({ type }) => type === 'path').map(environmentName));
  const absolute = (name: string, value: string): string =>
    names.has(name) && value !== '' && value !== '-' ? resolve(folder, expandHome(value)) : value;
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, absolute(name, value)]));
}

/**
 * PM2 definition of a program of this package, run by this Node.js. The program starts through `sh` and `exec`, so that PM2
 * injects no code. The script is relative to the working folder: PM2 treats a path with a space as a shell command.
 */
export function nodeProgram(path: string, nodeArguments: readonly string[] = []) {
  return {
    script: basename(path),
    // the folder of the program always exists; PM2 cannot start a process in a removed folder
    cwd: dirname(path),
    interpreter: '/bin/sh',
    interpreter_args: ['-c', 'exec "$0" "$@"', process.execPath, ...nodeArguments],
    exec_mode: 'fork',
    instances: 1,
  } as const;
}

/**
 * PM2 definition of the router, shared by `--daemon-start` and ecosystem.config.js. The fixed paths follow `options` on the
 * command line and override them; PM2 receives the log.
 */
export function appDefinition(
  config: RouterConfig,
  paths: DaemonPaths,
  options: readonly string[],
  { env, folder, rotates }: LaunchEnvironment,
): ProcessDefinition {
  return {
    name: config.name,
    ...nodeProgram(invokedMain(), loaderArguments()),
    args: [...options, ...fixedArguments(config, paths, rotates)],
    out_file: paths.logFile,
    error_file: paths.logFile,
    merge_logs: true,
    time: false,
    autorestart: true,
    exp_backoff_restart_delay: FIRST_RESPAWN_DELAY_MS,
    stop_exit_codes: [EXIT.usage, EXIT.stopped],
    kill_timeout: config.shutdownTimeoutMs + KILL_MARGIN_MS,
    max_memory_restart: config.maxMemory,
    wait_ready: false,
    treekill: false,
    watch: false,
    vizion: false,
    pmx: false,
    filter_env: FILTER_ALL_VARIABLES,
    env: {
      ...absolutePaths(daemonEnvironment(env), folder),
      PM2_HOME: pm2Home(env),
      ...(config.nodeOptions === null ? {} : { NODE_OPTIONS: config.nodeOptions }),
    },
  };
}

function fixedArguments({ name, endPm2 }: RouterConfig, paths: DaemonPaths, rotates: boolean): string[] {
  return [
    '--supervised',
    `--name=${name}`,
    ...(endPm2 ? ['--end-pm2'] : []),
    '--log-file=-',
    `--output-file=${paths.logFile}`,
    ...(rotates ? [] : ['--no-log-rotation']),
    `--pid-file=${paths.pidFile}`,
    `--control-socket=${paths.controlSocket}`,
  ];
}

/**
 * The program by the path that it was started with: when a symbolic link such as `…/current` leads to an installation, PM2
 * starts the router after a crash from the version that the link names then, as an upgrade has left it.
 */
function invokedMain(): string {
  const [, invoked = MAIN] = process.argv;
  try {
    return basename(invoked) === basename(MAIN) && realpathSync(invoked) === MAIN ? invoked : MAIN;
  } catch {
    return MAIN; // removed meanwhile
  }
}

/** Command line of this program, for a process beside the router. */
export function mainCommand(): [string, ...string[]] {
  return [process.execPath, ...loaderArguments(), MAIN];
}

/** A program that runs from the sources (in tests) needs the tsx loader. */
function loaderArguments(): string[] {
  return MAIN.endsWith('.ts') ? ['--import', 'tsx'] : [];
}

/** For ecosystem.config.js: options come from `ROUTER_*` variables and from the configuration file, if it exists. */
export function ecosystemApp(
  configFile: string,
  { env, folder }: Omit<LaunchEnvironment, 'rotates'>,
): { app: ProcessDefinition; paths: DaemonPaths } {
  const named = isReadable(configFile) && env.ROUTER_CONFIG === undefined ? [`--config=${configFile}`] : [];
  const options = [`--base-folder=${folder}`, ...named];
  const loaded = loadConfig({
    argv: options,
    env: routerVariables(env),
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  // the router itself logs the mistakes of an invalid configuration
  const config = loaded.ok ? loaded.config : DEFAULT_CONFIG;
  const paths = daemonPathsOf(config);
  return {
    app: appDefinition(config, paths, options, {
      env,
      folder,
      rotates: config.logRotation && config.logRotator === 'rename',
    }),
    paths,
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

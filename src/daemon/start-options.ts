import { readFileSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import { optionKey, optionsFile, optionsToSave, readOptions } from './options-file.ts';
import type { SupervisedProcess } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Options of the last start of a daemon: the saved options, or those on its command line. */
export function startOptions(env: Environment, supervised: SupervisedProcess): string[] {
  return withBaseFolder(savedOrCommandLineOptions(env, supervised), supervised.folder);
}

function savedOrCommandLineOptions(env: Environment, { name, args, logFile }: SupervisedProcess): string[] {
  const file = optionsFile(env, name);
  const saved = args.includes(`--options-file=${file}`) ? readOptions(env, name) : null;
  if (saved !== null) return saved;
  const onCommandLine = optionsToSave(args, '/').filter((option) => option !== '--log-file=-');
  return logFile === null ? onCommandLine : [...onCommandLine, `--log-file=${logFile}`];
}

/** Older versions resolved relative paths against the working folder. */
function withBaseFolder(options: string[], folder: string | null): string[] {
  if (folder === null || options.some((option) => optionKey(option) === 'base-folder')) return options;
  return [`--base-folder=${folder}`, ...options];
}

/** Configuration of a daemon with these options in this environment. */
export function loadDaemonConfig(options: readonly string[], env: Environment): LoadedConfig {
  return loadConfig({ argv: [...options], env: routerVariables(env), readFile });
}

/** The ROUTER_* variables. */
export function routerVariables(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(daemonEnvironment(env)).filter(([name]) => name.startsWith('ROUTER_')));
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

import { readFileSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/index.ts';
import { daemonEnvironment } from './app-definition.ts';
import { keptOptions, keyOf, optionsFile, readOptions } from './options-file.ts';
import type { SupervisedProcess } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

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

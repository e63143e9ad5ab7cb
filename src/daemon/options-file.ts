import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expandHome, OPTIONS, type Option, type OptionKey, readFlags } from '../config/index.ts';
import { makeStateFolder, pm2Home, stateFolder } from './pm2-home.ts';
import { SupervisorError } from './supervisor.ts';

/** Options that concern only the command, not the daemon. */
const NOT_SAVED: ReadonlySet<string> = new Set<OptionKey>([
  'json',
  'rolling',
  'lang',
  'follow',
  'lines',
  'name',
  'metrics-url',
  'options-file',
  'output-file',
  'supervised',
]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options in `argv` that apply to the daemon, as `--key=value`. Relative paths become absolute, since a later reload may
 * come from another folder.
 */
export function optionsToSave(argv: readonly string[], folder: string): string[] {
  return readFlags(argv)
    .values.filter(({ option }) => option.scope !== 'command' && !NOT_SAVED.has(option.key))
    .map(
      ({ option, text }) =>
        `--${option.key}=${option.type === 'path' && text !== '-' ? resolve(folder, expandHome(text)) : text}`,
    );
}

/** The options of `saved`, overridden by `given`; `--verbose` and `--quiet` replace each other. */
export function mergeOptions(saved: readonly string[], given: readonly string[]): string[] {
  const replaced = new Set(given.map(optionKey));
  if (replaced.has('verbose')) replaced.add('quiet');
  if (replaced.has('quiet')) replaced.add('verbose');
  return [...saved.filter((option) => !replaced.has(optionKey(option))), ...given];
}

/** Keys of the options that differ between two lists. */
export function changedKeys(before: readonly string[], after: readonly string[]): string[] {
  const differing = [
    ...before.filter((option) => !after.includes(option)),
    ...after.filter((option) => !before.includes(option)),
  ];
  return [...new Set(differing.map(optionKey))];
}

export function optionKey(option: string): string {
  return option.slice(2).split('=', 1)[0] ?? '';
}

/** True for options of the supervisor and of the paths, which a reload cannot change. */
export function isSupervisorOption(key: string): boolean {
  const option = (OPTIONS as readonly Option[]).find((candidate) => candidate.key === key);
  return option?.scope === 'daemon' || key === 'log-file' || key === 'pid-file' || key === 'control-socket';
}

/** Path of the saved options of the daemon with this name. */
export function optionsFile(env: Environment, name: string): string {
  return join(stateFolder(env), `${fileName(name)}.json`);
}

/** Writes the options atomically, mode 600. */
export function writeOptions(env: Environment, name: string, options: readonly string[]): void {
  makeStateFolder(env);
  const path = optionsFile(env, name);
  const unfinished = `${path}.${process.pid}.tmp`;
  rmSync(unfinished, { force: true });
  try {
    writeFileSync(unfinished, `${JSON.stringify(options)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new SupervisorError({ kind: 'homeUnusable', home: pm2Home(env), detail: (error as Error).message });
  }
}

/** The saved options; null without a readable file. */
export function readOptions(env: Environment, name: string): string[] | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(optionsFile(env, name), 'utf8'));
    return Array.isArray(parsed) ? parsed.map(String) : null;
  } catch {
    return null;
  }
}

/** Removes the saved options, unless the dump of `pm2 save` refers to them, for `pm2 resurrect` or a boot. */
export function removeOptions(env: Environment, name: string): void {
  const path = optionsFile(env, name);
  if (!isInDump(env, path)) rmSync(path, { force: true });
}

function isInDump(env: Environment, path: string): boolean {
  const named = JSON.stringify(`--options-file=${path}`);
  return ['dump.pm2', 'dump.pm2.bak'].some((dump) => {
    try {
      return readFileSync(join(pm2Home(env), dump), 'utf8').includes(named);
    } catch {
      return false;
    }
  });
}

/** Replaces characters that are unsafe in a file name. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

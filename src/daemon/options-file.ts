import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expandHome, OPTIONS, type Option, type OptionKey, readFlags } from '../config/index.ts';
import { makeStateFolder, pm2Home, stateFolder } from './pm2-home.ts';
import { SupervisorError } from './supervisor.ts';

/** Options of the moment, which say nothing about the daemon itself. */
const NOT_KEPT: ReadonlySet<string> = new Set<OptionKey>([
  'json',
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
 * The options among `argv` that a daemon lives with, one `--key=value` each. Relative paths become absolute, since the
 * daemon may be reloaded from another folder.
 */
export function keptOptions(argv: readonly string[], folder: string): string[] {
  return readFlags(argv)
    .values.filter(({ option }) => option.scope !== 'command' && !NOT_KEPT.has(option.key))
    .map(
      ({ option, text }) =>
        `--${option.key}=${option.type === 'path' && text !== '-' ? resolve(folder, expandHome(text)) : text}`,
    );
}

/** The options of `kept`, with those of `given` in place of the same ones; `--verbose` takes the place of `--quiet`. */
export function mergeOptions(kept: readonly string[], given: readonly string[]): string[] {
  const replaced = new Set(given.map(keyOf));
  if (replaced.has('verbose')) replaced.add('quiet');
  if (replaced.has('quiet')) replaced.add('verbose');
  return [...kept.filter((option) => !replaced.has(keyOf(option))), ...given];
}

/** The keys of the options that two lists do not have in common. */
export function changedKeys(before: readonly string[], after: readonly string[]): string[] {
  const differing = [
    ...before.filter((option) => !after.includes(option)),
    ...after.filter((option) => !before.includes(option)),
  ];
  return [...new Set(differing.map(keyOf))];
}

export function keyOf(option: string): string {
  return option.slice(2).split('=', 1)[0] ?? '';
}

/** The options that belong to the daemon's surroundings and not to the router: a reload cannot change them. */
export function isSupervisorOption(key: string): boolean {
  const option = (OPTIONS as readonly Option[]).find((candidate) => candidate.key === key);
  return option?.scope === 'daemon' || key === 'log-file' || key === 'pid-file' || key === 'control-socket';
}

/** Where the options of the daemon with this name are kept. */
export function optionsFile(env: Environment, name: string): string {
  return join(stateFolder(env), `${fileName(name)}.json`);
}

/** Writes the options at once and whole, mode 600. */
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

/** The kept options; null without a readable file. */
export function readOptions(env: Environment, name: string): string[] | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(optionsFile(env, name), 'utf8'));
    return Array.isArray(parsed) ? parsed.map(String) : null;
  } catch {
    return null;
  }
}

/** Removes the options, unless `pm2 save` has put a daemon that needs them into PM2's dump, for `pm2 resurrect` or a boot. */
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

/** A name as part of a file name. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

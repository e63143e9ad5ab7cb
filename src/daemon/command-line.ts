import { readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { keyOf } from './options-file.ts';

/** The arguments of a running process; empty when they are not ours to see. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The value of `--key=…` or `--key …` among arguments. */
export function argumentOf(args: readonly string[], key: string): string | null {
  const index = args.findLastIndex((arg) => arg.startsWith('--') && keyOf(arg) === key);
  if (index < 0) return null;
  const [, value = args[index + 1] ?? null] = /^[^=]+=(.*)$/s.exec(args[index] ?? '') ?? [];
  return value;
}

/** The file with the options that a daemon was started with; null for a router that was not. */
export function optionsFileOf(pid: number): string | null {
  return argumentOf(commandLineOf(pid), 'options-file');
}

/** Where a router has its files: its command line says so, and its options file where the log is. */
export function daemonPathsIn(args: readonly string[], config: RouterConfig): DaemonPaths {
  const places = daemonPathsOf(config);
  return {
    pidFile: argumentOf(args, 'pid-file') ?? places.pidFile,
    controlSocket: argumentOf(args, 'control-socket') ?? places.controlSocket,
    logFile: argumentOf(args, 'output-file') ?? keptLogFile(args) ?? places.logFile,
  };
}

function keptLogFile(args: readonly string[]): string | null {
  const file = argumentOf(args, 'options-file');
  if (file === null) return null;
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(kept) ? argumentOf(kept.map(String), 'log-file') : null;
  } catch {
    return null; // not ours to read
  }
}

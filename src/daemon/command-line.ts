import { readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import { type DaemonPaths, daemonPathsOf } from './daemon-paths.ts';
import { optionKey } from './options-file.ts';

/** The arguments of a running process; empty if /proc does not show them. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The value of `--key=…` or `--key …` among arguments. */
export function argumentValue(args: readonly string[], key: string): string | null {
  const index = args.findLastIndex((arg) => arg.startsWith('--') && optionKey(arg) === key);
  if (index < 0) return null;
  const [, value = args[index + 1] ?? null] = /^[^=]+=(.*)$/s.exec(args[index] ?? '') ?? [];
  return value;
}

/** The options file of a router that --daemon-start launched; null for any other router. */
export function optionsFileOf(pid: number): string | null {
  return argumentValue(commandLineOf(pid), 'options-file');
}

/** Paths of the files of a router, from its command line; the log path also from its options file. */
export function daemonPathsIn(args: readonly string[], config: RouterConfig): DaemonPaths {
  const paths = daemonPathsOf(config);
  return {
    pidFile: argumentValue(args, 'pid-file') ?? paths.pidFile,
    controlSocket: argumentValue(args, 'control-socket') ?? paths.controlSocket,
    logFile: argumentValue(args, 'output-file') ?? savedLogFile(args) ?? paths.logFile,
  };
}

function savedLogFile(args: readonly string[]): string | null {
  const file = argumentValue(args, 'options-file');
  if (file === null) return null;
  try {
    const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(saved) ? argumentValue(saved.map(String), 'log-file') : null;
  } catch {
    return null; // no permission
  }
}

import { join } from 'node:path';
import type { Language } from '../text/index.ts';
import { lastLines } from './log-file.ts';
import { pm2Home } from './pm2-home.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const SCANNED_LINES = 60;
const MAX_REASON_LINES = 10;

/** The log of PM2 itself. It contains, for example, failures to start a process, which are not in the log of the process. */
export function pm2LogFile(env: Environment): string {
  return join(pm2Home(env), 'pm2.log');
}

/** Reason for the end of a supervised router: from the end of its log, otherwise from the end of PM2's log; null if neither has one. */
export function findFailureReason(env: Environment, logFile: string, lang: Language): string | null {
  const lines = lastLines(logFile, SCANNED_LINES);
  const lastStart = lines.findLastIndex((line) => line.includes('RPC Dart Router daemon starting'));
  return failureReasonIn(lines.slice(lastStart + 1), lang) ?? spawnErrorIn(lastLines(pm2LogFile(env), SCANNED_LINES));
}

/**
 * Reason for the exit of a router among its log lines, in this order: the Russian text printed for `lang` ru, the last
 * critical line, the last error of Node.js or the shell, any other lines that are not log lines.
 */
export function failureReasonIn(lines: readonly string[], lang: Language = 'en'): string | null {
  const russian = lang === 'ru' ? lines.filter((line) => /^[^\d{].*[а-яё]/i.test(line)) : [];
  if (russian.length > 0) return russian.join('; ');
  const critical = lines.map(criticalMessage).findLast((message) => message !== null);
  if (critical !== undefined) return critical;
  const plain = lines.filter((line) => line.trim() !== '' && !/^(\d{4}-\d\d-\d\dT|\{)/.test(line));
  const error = plain.findLast((line) => PRINTED_ERROR.test(line));
  return error ?? (plain.length > 0 ? plain.slice(-MAX_REASON_LINES).join('; ') : null);
}

/** `Error: Cannot find module 'x'`, `node: --x is not allowed in NODE_OPTIONS`, `/bin/sh: 1: exec: node: not found`. */
const PRINTED_ERROR =
  /^(\w*Error( \[\w+\])?: |\S+: .*(not allowed in NODE_OPTIONS|bad option|requires an argument)|\S*sh: )/;

/** The last error in the log of PM2: `Error: spawn /bin/sh ENOENT`. Ignores ESRCH, which PM2 logs when it measures an ended process. */
export function spawnErrorIn(lines: readonly string[]): string | null {
  const found = lines.map((line) => /(?:^|: )(\w*Error: (?:spawn |E(?!SRCH)[A-Z]+: ).*)$/.exec(line)?.[1]);
  return found.findLast((error) => error !== undefined) ?? null;
}

function criticalMessage(line: string): string | null {
  if (!line.startsWith('{')) return /\[CRITICAL\] (.*)$/.exec(line)?.[1] ?? null;
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return level === 'critical' ? String(msg) : null;
  } catch {
    return null;
  }
}

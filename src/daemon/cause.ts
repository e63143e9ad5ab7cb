import { join } from 'node:path';
import type { Language } from '../text/index.ts';
import { lastLines } from './log-file.ts';
import { pm2Home } from './pm2-home.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LOOKED_AT_LINES = 60;
const SHOWN_LINES = 10;

/** What PM2 itself logs, for instance that it could not start a process: that is not in the log of the process. */
export function pm2LogFile(env: Environment): string {
  return join(pm2Home(env), 'pm2.log');
}

/** Why a router that PM2 has does not run, by the end of its log, else by the end of PM2's; null when neither says it. */
export function causeIn(env: Environment, logFile: string, lang: Language): string | null {
  const lines = lastLines(logFile, LOOKED_AT_LINES);
  const lastStart = lines.findLastIndex((line) => line.includes('RPC Dart Router daemon starting'));
  return reasonIn(lines.slice(lastStart + 1), lang) ?? spawnError(lastLines(pm2LogFile(env), LOOKED_AT_LINES));
}

/**
 * Why the router gave up, in its own words: what it said in Russian to those who read that, else its last critical line,
 * else the error that Node.js or the shell printed, else whatever was printed that is no log line.
 */
export function reasonIn(lines: readonly string[], lang: Language = 'en'): string | null {
  const russian = lang === 'ru' ? lines.filter((line) => /^[^\d{].*[а-яё]/i.test(line)) : [];
  if (russian.length > 0) return russian.join('; ');
  const critical = lines.map(criticalMessage).findLast((message) => message !== null);
  if (critical !== undefined) return critical;
  const plain = lines.filter((line) => line.trim() !== '' && !/^(\d{4}-\d\d-\d\dT|\{)/.test(line));
  const error = plain.findLast((line) => PRINTED_ERROR.test(line));
  return error ?? (plain.length > 0 ? plain.slice(-SHOWN_LINES).join('; ') : null);
}

/** `Error: Cannot find module 'x'`, `node: --x is not allowed in NODE_OPTIONS`, `/bin/sh: 1: exec: node: not found`. */
const PRINTED_ERROR =
  /^(\w*Error( \[\w+\])?: |\S+: .*(not allowed in NODE_OPTIONS|bad option|requires an argument)|\S*sh: )/;

/** The last error in PM2's own log: `Error: spawn /bin/sh ENOENT`. PM2 logs ESRCH when it measures a process that has ended. */
export function spawnError(lines: readonly string[]): string | null {
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

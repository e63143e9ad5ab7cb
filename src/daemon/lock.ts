import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isRouter, startOf } from '../host/index.ts';
import { makeStateFolder, pm2Home, stateFolder } from './pm2-home.ts';
import { SupervisorError } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A lock that another command holds; `pid` is null if the file does not contain it. */
export interface LockHeld {
  readonly path: string;
  readonly pid: number | null;
}

export type Lock = { readonly release: () => void } | LockHeld;

const POLL_INTERVAL_MS = 50;
/** Older versions wrote the pid shortly after they created the file; a younger file without a pid is not stale. */
const MIN_STALE_AGE_MS = 2000;

/**
 * Serializes the commands that change a PM2 home: two concurrent starts would each launch a PM2 daemon. The lock file holds
 * the pid and start time of its owner, so that neither a killed command nor a reused pid keeps the lock.
 */
export async function takeLock(env: Environment, limitMs: number): Promise<Lock> {
  const path = join(makeStateFolder(env), 'lock');
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (tryToLock(env, path)) return { release: () => rmSync(path, { force: true }) };
    const seen = readText(path);
    if (seen === null) continue; // released meanwhile
    const owner = parseOwner(seen);
    if (!isHeld(path, owner)) removeStale(path, seen);
    else if (performance.now() > deadline) return { path, pid: owner?.pid ?? null };
    else await delay(POLL_INTERVAL_MS);
  }
}

/** True if a daemon command has used this PM2 home before. */
export function wasUsed(env: Environment): boolean {
  return existsSync(stateFolder(env));
}

interface LockOwner {
  readonly pid: number;
  /** Null in the file of an older version. */
  readonly start: string | null;
}

/** Creates the lock as a hard link to a complete file: atomic, and never without its owner, even on a full disk. */
function tryToLock(env: Environment, path: string): boolean {
  const own = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(own, `${process.pid} ${startOf(process.pid) ?? ''}\n`, { mode: 0o600 });
    linkSync(own, path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // on a full disk --daemon-stop has to work without a lock; a start fails later in requireSpace
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    throw new SupervisorError({ kind: 'homeUnusable', home: pm2Home(env), detail: message });
  } finally {
    rmSync(own, { force: true });
  }
}

function parseOwner(text: string): LockOwner | null {
  const [, pid, start = ''] = /^(\d+)(?: (\S+))?\n/.exec(text) ?? [];
  return pid === undefined ? null : { pid: Number(pid), start: start === '' ? null : start };
}

function isHeld(path: string, owner: LockOwner | null): boolean {
  if (owner === null) return ageMs(path) < MIN_STALE_AGE_MS;
  if (!isAlive(owner.pid)) return false;
  return owner.start === null ? isRouter(owner.pid) : startOf(owner.pid) === owner.start;
}

/** Moves the stale file aside; moves it back if another command has replaced it with a new lock since. */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== seen) linkSync(aside, path);
  } catch {
    // another command has removed or replaced it; the next attempt finds out
  } finally {
    rmSync(aside, { force: true });
  }
}

function ageMs(path: string): number {
  const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changedAt === undefined ? Number.POSITIVE_INFINITY : Math.abs(Date.now() - changedAt);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

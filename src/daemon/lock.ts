import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isRouter, startOf } from '../host/index.ts';
import { makeStateFolder, pm2Home, stateFolder } from './pm2-home.ts';
import { SupervisorError } from './supervisor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The command that holds the lock; null when the file does not say it. */
export interface LockHeld {
  readonly path: string;
  readonly pid: number | null;
}

export type Lock = { readonly release: () => void } | LockHeld;

const LOOK_EVERY_MS = 50;
/** An older version wrote the pid a moment after it had created the file. */
const UNFINISHED_MS = 2000;

/**
 * Lets one command at a time change something in a PM2 home: two that start at once would each launch a PM2 daemon. The
 * file names its owner by pid and start time, so that neither a killed command nor another program with its pid counts.
 */
export async function takeLock(env: Environment, limitMs: number): Promise<Lock> {
  const path = join(makeStateFolder(env), 'lock');
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (tryToLock(env, path)) return { release: () => rmSync(path, { force: true }) };
    const seen = readText(path);
    if (seen === null) continue; // released meanwhile
    const owner = ownerIn(seen);
    if (!isHeld(path, owner)) removeStale(path, seen);
    else if (performance.now() > deadline) return { path, pid: owner?.pid ?? null };
    else await delay(LOOK_EVERY_MS);
  }
}

/** True when there is a PM2 home that a command has worked in before. */
export function hasState(env: Environment): boolean {
  return existsSync(stateFolder(env));
}

interface Owner {
  readonly pid: number;
  /** Null in the file of an older version. */
  readonly start: string | null;
}

/** A link appears at once and whole: there is no moment, and no full disk, at which the lock stands without its owner. */
function tryToLock(env: Environment, path: string): boolean {
  const own = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(own, `${process.pid} ${startOf(process.pid) ?? ''}\n`, { mode: 0o600 });
    linkSync(own, path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // on a full disk --daemon-stop has to work, without a lock; a start is refused later for want of space
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    throw new SupervisorError({ kind: 'homeUnusable', home: pm2Home(env), detail: message });
  } finally {
    rmSync(own, { force: true });
  }
}

function ownerIn(text: string): Owner | null {
  const [, pid, start = ''] = /^(\d+)(?: (\S+))?\n/.exec(text) ?? [];
  return pid === undefined ? null : { pid: Number(pid), start: start === '' ? null : start };
}

function isHeld(path: string, owner: Owner | null): boolean {
  if (owner === null) return ageMs(path) < UNFINISHED_MS;
  if (!isAlive(owner.pid)) return false;
  return owner.start === null ? isRouter(owner.pid) : startOf(owner.pid) === owner.start;
}

/** Takes the file away under a name of its own; gives it back when another command was quicker, and it is a new one. */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== seen) linkSync(aside, path);
  } catch {
    // another command has removed it, or has locked again: the next look shows which
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

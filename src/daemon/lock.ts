import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeStateFolder, stateFolder } from './pm2-home.ts';
import { isAlive, readPid } from './processes.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LOOK_EVERY_MS = 50;

/**
 * Lets one command at a time change something in a PM2 home: two that start at once would each launch a PM2 daemon.
 * Returns what ends it, or the pid of the command that holds it for longer than `limitMs`.
 */
export async function takeLock(env: Environment, limitMs: number): Promise<(() => void) | number> {
  const path = join(makeStateFolder(env), 'lock');
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readPid(path);
    // one that was killed has left it; one without a pid is just being written
    if (holder !== null && !isAlive(holder)) rmSync(path, { force: true });
    else if (performance.now() > deadline) return holder ?? 0;
    else await delay(LOOK_EVERY_MS);
  }
}

/** True when there is a PM2 home that a command has worked in before. */
export function hasState(env: Environment): boolean {
  return existsSync(stateFolder(env));
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** The flags of this file, each with a harmless value. */
const FLAGS = ['--semi-space-growth-factor=2', '--heap-growing-percent=0'];
/** The newest V8 known to have all flags: that of Node 26. The test of this file checks every supported Node. */
const NEWEST_KNOWN_V8 = 14;
const PROBE_TIMEOUT_MS = 5000;

/**
 * Whether V8 has the flags of this file. An unknown flag does not throw; V8 prints two lines to stderr. A V8 newer than the
 * known ones is therefore probed in a child process, whose output is discarded.
 */
export async function canTuneV8(v8Version = process.versions.v8): Promise<boolean> {
  return Number.parseInt(v8Version, 10) <= NEWEST_KNOWN_V8 || (await acceptsFlags(FLAGS));
}

/** Whether Node.js starts with these flags: with an unknown one it exits with code 9 at once. */
export async function acceptsFlags(flags: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(process.execPath, [...flags, '--version'], { timeout: PROBE_TIMEOUT_MS, env: {} });
    return true;
  } catch {
    return false;
  }
}

/**
 * Limits the young generation of the heap to its size after the start, at most 8 MiB per half instead of 16. Messages die long
 * before it is full; after thousands of connects or disconnects a collection takes a few milliseconds instead of 20 to 30; an
 * idle router returns its memory. V8 reads this flag before it enlarges the young generation (Node 20 to 26).
 * `node --min-semi-space-size=MiB` sets a larger one. Call only if `canTuneV8`.
 */
export function limitSemiSpaceGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Growth of a small heap between two full collections. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** Lets V8 choose. */
const V8_DEFAULT = 0;

/**
 * Lets a small heap grow by 64 MiB before a full collection. V8 counts read chunks as part of the heap and lets a heap of 15 MiB
 * grow by half: with large messages that caused a dozen full collections a second and a third of the CPU time. The flag is a
 * percentage of the heap size, read after each full collection, so call this regularly, and only if `canTuneV8`.
 */
export function setHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent(getHeapStatistics().used_heap_size)}`);
}

/** Growth of a heap of `usedBytes` between two full collections, in percent of its size. */
export function growingPercent(usedBytes: number): number {
  return usedBytes < ROOM_BYTES ? Math.ceil((100 * ROOM_BYTES) / usedBytes) : V8_DEFAULT;
}

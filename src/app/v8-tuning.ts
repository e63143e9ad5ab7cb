import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** The flags of this file, each with a harmless value. */
const FLAGS = ['--semi-space-growth-factor=2', '--heap-growing-percent=0'];
/** The newest V8 that is known to have all of them: of Node 26. The test of this file checks it on every supported Node. */
const NEWEST_KNOWN_V8 = 14;
const ANSWER_LIMIT_MS = 5000;

/**
 * Whether V8 has the flags of this file. To set an unknown one does not throw: V8 prints two lines to stderr. So a V8 newer
 * than those that are known is tried in a process of its own, whose output is dropped.
 */
export async function canTuneV8(v8Version = process.versions.v8): Promise<boolean> {
  return Number.parseInt(v8Version, 10) <= NEWEST_KNOWN_V8 || (await acceptsFlags(FLAGS));
}

/** Whether Node.js starts with these flags: with an unknown one it exits with code 9 at once. */
export async function acceptsFlags(flags: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(process.execPath, [...flags, '--version'], { timeout: ANSWER_LIMIT_MS, env: {} });
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps the young generation of the heap at its size after the start, 8 MiB per half or less, instead of 16. The memory of a
 * message is free long before it is full; after thousands of connections came or went, a collection takes a few milliseconds
 * instead of 20 to 30; and an idle router gives its memory back. V8 reads this flag whenever it is about to enlarge the young
 * generation (Node 20 to 26). `node --min-semi-space-size=MiB` sets a larger one. Call it only if `canTuneV8`.
 */
export function limitSemiSpaceGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** How much a small heap may grow between two full collections. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** Lets V8 choose. */
const V8_DEFAULT = 0;

/**
 * Lets a small heap grow by 64 MiB before a full collection. V8 counts the chunks that were read as part of the heap, and a
 * heap of 15 MiB may grow by half: with large messages that was a dozen full collections a second and a third of the CPU
 * time. V8 takes a percentage of the heap's size, so call this regularly, and only if `canTuneV8`; V8 reads the flag after
 * each full collection.
 */
export function setHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent(getHeapStatistics().used_heap_size)}`);
}

/** How much a heap of `usedBytes` may grow between two full collections, in percent of its size. */
export function growingPercent(usedBytes: number): number {
  return usedBytes < ROOM_BYTES ? Math.ceil((100 * ROOM_BYTES) / usedBytes) : V8_DEFAULT;
}

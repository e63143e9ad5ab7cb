import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { openLogFile } from '../host/index.ts';

/** At most this much of the end of a log is looked at for its last lines. */
const TAIL_BYTES = 1024 * 1024;

/** Creates the log file with mode 600, and refuses an unsafe one: PM2 opens it by its name. Throws UnsafeLogFile. */
export function prepareLogFile(path: string): void {
  closeSync(openLogFile(path, { onlyRegular: true }));
}

/** Size and time of the last change, or null without a file. */
export function logStats(path: string): { sizeBytes: number; modifiedAt: number } | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : { sizeBytes: stats.size, modifiedAt: stats.mtimeMs };
}

/** The last `count` lines of a file, from byte `from` on; empty without one. */
export function lastLines(path: string, count: number, from = 0): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    // a file shorter than it was has been rotated meanwhile
    const start = Math.max(from <= size ? from : 0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    const length = readSync(descriptor, bytes, 0, bytes.length, start);
    const lines = bytes.toString('utf8', 0, length).split('\n');
    if (lines.at(-1) === '') lines.pop();
    return count === 0 ? [] : lines.slice(-count);
  } finally {
    closeSync(descriptor);
  }
}

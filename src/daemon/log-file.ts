import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { openLogFile } from '../host/index.ts';

/** Limit for the end of a log that is searched for the last lines. */
const TAIL_BYTES = 1024 * 1024;

/** Creates the log file with mode 600, for PM2 to open by name. Throws UnsafeLogFile for an unsafe file. */
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
    // a file shorter than `from` was rotated meanwhile
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

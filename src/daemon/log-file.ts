import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

/** A log file that must not be written to; the message is a problem with its path. */
export class UnsafeLogFile extends Error {
  readonly problem: 'symlink' | 'otherUser' | 'notAFile' | 'unwritable';
  readonly path: string;
  readonly detail: string;

  constructor(problem: UnsafeLogFile['problem'], path: string, detail = '') {
    super(`${path}: ${problem}${detail && `: ${detail}`}`);
    this.problem = problem;
    this.path = path;
    this.detail = detail;
  }
}

/** At most this much of the end of a log is looked at for its last lines. */
const TAIL_BYTES = 1024 * 1024;

/**
 * Makes sure that PM2, which opens the file by its name, opens the right one: creates it with mode 600, and refuses what
 * somebody else may have put there, since the folder may be a shared one such as /tmp.
 */
export function prepareLogFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600));
    return;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new UnsafeLogFile('unwritable', path, message);
  }
  checkExisting(path, lstatSync(path));
}

function checkExisting(path: string, existing: Stats): void {
  if (existing.isSymbolicLink()) throw new UnsafeLogFile('symlink', path);
  if (!existing.isFile()) throw new UnsafeLogFile('notAFile', path);
  const ownUser = process.getuid?.() ?? existing.uid;
  if (existing.uid !== ownUser) throw new UnsafeLogFile('otherUser', path);
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW));
  } catch (error) {
    throw new UnsafeLogFile('unwritable', path, (error as Error).message);
  }
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

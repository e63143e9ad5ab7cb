import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const MODE = 0o600;

/** A log file that cannot be opened, or must not be written to. Callers turn it into a localized problem. */
export class UnsafeLogFile extends Error {
  readonly problem: 'symlink' | 'otherUser' | 'notAFile' | 'unwritable';
  readonly path: string;
  readonly detail: string;

  constructor(problem: UnsafeLogFile['problem'], path: string, cause?: unknown) {
    const detail = cause instanceof Error ? cause.message : '';
    super(`${path}: ${problem}${detail && `: ${detail}`}`, { cause });
    this.problem = problem;
    this.path = path;
    this.detail = detail;
  }
}

/**
 * Opens a log file for appending, created with mode 600, and returns its descriptor. Refuses symlinks and files of other
 * users, because the folder may be a shared one such as /tmp. Devices are accepted unless `onlyRegular`.
 */
export function openLogFile(path: string, { onlyRegular = false } = {}): number {
  const existing = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (existing?.isSymbolicLink()) throw new UnsafeLogFile('symlink', path);
  if (existing !== undefined && onlyRegular && !existing.isFile()) throw new UnsafeLogFile('notAFile', path);
  if (existing !== undefined && !isOwn(existing)) throw new UnsafeLogFile('otherUser', path);
  // O_EXCL: the file must not appear between the check and the call
  const create = existing === undefined ? O_CREAT | O_EXCL : 0;
  const descriptor = attempt(path, () => openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | create, MODE));
  if (existing === undefined || isOwn(fstatSync(descriptor))) return descriptor;
  closeSync(descriptor);
  throw new UnsafeLogFile('otherUser', path);
}

/** Always true without user ids, as on Windows. */
function isOwn({ uid }: Stats): boolean {
  return uid === (process.getuid?.() ?? uid);
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new UnsafeLogFile('unwritable', path, error);
  }
}

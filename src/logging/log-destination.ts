import { closeSync, constants, fstatSync, lstatSync, openSync, writeSync } from 'node:fs';
import { explainSystemError, Problems } from '../text/index.ts';

/** Where log lines go. Writing never throws: a router does not stop because its log cannot be written. */
export interface LogDestination {
  write(line: string): void;
  /** Opens the file anew, after somebody has renamed it. */
  reopen(): void;
  close(): void;
  /** Lines that could not be written. */
  readonly linesLost: number;
}

/** The line, in the format of the log, that says how many before it are missing. */
export type LostNotice = (lines: number) => string;

const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
/** How often a full pipe is tried again before the line is given up. */
const RETRIES = 20;

/** Writes synchronously to a file descriptor, so that the last lines before an exit are there. */
class DescriptorDestination implements LogDestination {
  linesLost = 0;
  protected descriptor: number;
  private readonly lostNotice: LostNotice;
  private lostSinceNotice = 0;
  /** Whether a line was cut in its middle, and the next one has to begin on a line of its own. */
  protected isTorn = false;

  constructor(descriptor: number, lostNotice: LostNotice) {
    this.descriptor = descriptor;
    this.lostNotice = lostNotice;
  }

  write(line: string): void {
    if (this.lostSinceNotice === 0) {
      if (!this.tryWrite(line)) this.lose();
      return;
    }
    // the notice first: it stands where the lines are missing
    if (this.tryWrite(this.lostNotice(this.lostSinceNotice))) {
      this.lostSinceNotice = 0;
      if (this.tryWrite(line)) return;
    }
    this.lose();
  }

  private lose(): void {
    this.linesLost++;
    this.lostSinceNotice++;
  }

  reopen(): void {}

  close(): void {}

  private tryWrite(line: string): boolean {
    const bytes = Buffer.from(this.isTorn ? `\n${line}` : line);
    let written = 0;
    for (let tries = 0; tries < RETRIES; tries++) {
      try {
        written += writeSync(this.descriptor, bytes, written);
        if (written > 0) this.isTorn = written < bytes.length;
        if (written >= bytes.length) return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
      }
    }
    return false;
  }
}

/** Standard output. */
export function standardOutput(lostNotice: LostNotice): LogDestination {
  return new DescriptorDestination(1, lostNotice);
}

/**
 * Opens a log file for appending, created with mode 600. Refuses symlinks and files of other users, since the folder may
 * be a shared one such as /tmp. Throws an Error that names the file.
 */
function openLogFile(path: string): number {
  const existing = explained(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (existing?.isSymbolicLink())
    throw problem(
      path,
      'is a symbolic link; refused for safety',
      'символическая ссылка; отказано из соображений безопасности',
    );
  const descriptor = explained(path, () => openSync(path, OPEN_FLAGS, 0o600));
  const { uid } = explained(path, () => fstatSync(descriptor));
  const ownUser = process.getuid?.() ?? uid;
  if (uid === ownUser || existing === undefined) return descriptor;
  closeSync(descriptor);
  throw problem(
    path,
    'belongs to another user; refused for safety',
    'принадлежит другому пользователю; отказано из соображений безопасности',
  );
}

/** The result of a system call, or a problem that names the file and the cause. */
function explained<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw problem(path, `cannot be opened for writing: ${en}`, `не открывается для записи: ${ru}`);
  }
}

function problem(path: string, en: string, ru: string): Problems {
  return new Problems({ en: `${path}: ${en}`, ru: `${path}: ${ru}` });
}

class FileDestination extends DescriptorDestination {
  private readonly path: string;

  constructor(path: string, lostNotice: LostNotice) {
    super(openLogFile(path), lostNotice);
    this.path = path;
  }

  override reopen(): void {
    const old = this.descriptor;
    this.descriptor = openLogFile(this.path);
    this.isTorn = false;
    closeQuietly(old);
  }

  override close(): void {
    closeQuietly(this.descriptor);
  }
}

/** The lines are written already; a file system that reports an old error now (NFS, quota) does not stop the router. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // the descriptor is released all the same
  }
}

/** A log file; throws when it cannot be opened or is not safe to write to. */
export function logFile(path: string, lostNotice: LostNotice): LogDestination {
  return new FileDestination(path, lostNotice);
}

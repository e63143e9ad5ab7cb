import { closeSync, writeSync } from 'node:fs';
import { openLogFile, UnsafeLogFile } from '../host/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';

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

/** Opens a log file; throws a localized problem that names the file. */
function open(path: string): number {
  try {
    return openLogFile(path);
  } catch (error) {
    if (!(error instanceof UnsafeLogFile)) throw error;
    const { en, ru } = describe(error);
    throw new Problems({ en: `${path}: ${en}`, ru: `${path}: ${ru}` });
  }
}

function describe({ problem, cause }: UnsafeLogFile): Text {
  if (problem === 'symlink') {
    return {
      en: 'is a symbolic link; refused for safety',
      ru: 'символическая ссылка; отказано из соображений безопасности',
    };
  }
  if (problem === 'otherUser') {
    return {
      en: 'belongs to another user; refused for safety',
      ru: 'принадлежит другому пользователю; отказано из соображений безопасности',
    };
  }
  const { en, ru } = explainSystemError(cause);
  return { en: `cannot be opened for writing: ${en}`, ru: `не открывается для записи: ${ru}` };
}

class FileDestination extends DescriptorDestination {
  private readonly path: string;

  constructor(path: string, lostNotice: LostNotice) {
    super(open(path), lostNotice);
    this.path = path;
  }

  override reopen(): void {
    const old = this.descriptor;
    this.descriptor = open(this.path);
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

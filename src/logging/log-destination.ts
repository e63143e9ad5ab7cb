import { closeSync, writeSync } from 'node:fs';
import { openLogFile, UnsafeLogFile } from '../host/index.ts';
import { explainSystemError, Problems, type Text } from '../text/index.ts';

/** Destination of log lines. Writing never throws: a full disk must not stop the router. */
export interface LogDestination {
  write(line: string): void;
  /** Reopens the file after a rename. */
  reopen(): void;
  close(): void;
  /** Lines that could not be written. */
  readonly linesLost: number;
}

/** Formats the notice about `lines` lost lines. */
export type LostNotice = (lines: number) => string;

/** Attempts to write a line to a full pipe before the line is dropped. */
const RETRIES = 20;

/** Writes synchronously to a file descriptor, so that the last lines before an exit are not lost. */
class DescriptorDestination implements LogDestination {
  linesLost = 0;
  protected descriptor: number;
  private readonly lostNotice: LostNotice;
  private lostSinceNotice = 0;
  /** Whether the last line was written partially, so that the next one must start with a line break. */
  protected isTorn = false;

  constructor(descriptor: number, lostNotice: LostNotice) {
    this.descriptor = descriptor;
    this.lostNotice = lostNotice;
  }

  write(line: string): void {
    if (this.lostSinceNotice === 0) {
      if (!this.tryWrite(line)) this.countLost();
      return;
    }
    // the notice comes first, in the place of the lost lines
    if (this.tryWrite(this.lostNotice(this.lostSinceNotice))) {
      this.lostSinceNotice = 0;
      if (this.tryWrite(line)) return;
    }
    this.countLost();
  }

  private countLost(): void {
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

/** The lines are already written; a deferred error of the file system (NFS, quota) must not stop the router. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // the descriptor is released nevertheless
  }
}

/** A log file; throws when it cannot be opened or is unsafe to write to. */
export function logFile(path: string, lostNotice: LostNotice): LogDestination {
  return new FileDestination(path, lostNotice);
}

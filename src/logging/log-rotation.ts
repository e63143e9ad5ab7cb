import { closeSync, constants, openSync, readSync, renameSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BufferedOutput } from './buffered-output.ts';
import { type LogFormat, Logger } from './logger.ts';
import {
  compressLog,
  type RotationSettings,
  removeOldLogs,
  renameLog,
  rotatedLogs,
  rotatedName,
} from './rotated-files.ts';

const LOOK_EVERY_MS = 1000;
/** After a rotation that did not work, nothing is tried for this long. */
const PAUSE_MS = 60_000;
const POLL_MS = 5;
/** How long PM2 may take to write what it was given. */
const WRITTEN_LIMIT_MS = 5000;
/** How long one line may take to show in the new file before PM2 is taken to write to the old one still. */
const PROBE_LIMIT_MS = 200;
const PROBES = 25;

export interface LogRotationOptions extends RotationSettings {
  readonly output: BufferedOutput;
  /** False when another program rotates the file, or none: then it is only opened again after it was moved. */
  readonly rotates: boolean;
  readonly format: LogFormat;
  /** Makes whoever writes the file open it anew. */
  readonly reopen: () => void;
  readonly complain: (problem: string) => void;
}

/**
 * Rotates the file that PM2 writes this process's output to, without losing a line. PM2 throws away what it has not yet
 * written when it opens its logs anew, and copying followed by truncating loses what comes between. So the output is held
 * back meanwhile: a last line is awaited in the old file, the file is renamed, and the output goes on once a first
 * line has shown in the new one.
 */
export class LogRotation {
  private readonly options: LogRotationOptions;
  /** Writes past the lines that are held back. */
  private readonly marker: Logger;
  private readonly timer: NodeJS.Timeout;
  private isBusy = false;
  private pausedUntil = 0;
  /** The file that PM2 has open, by its inode; null before it has made one. */
  private openInode: bigint | null;

  constructor(options: LogRotationOptions) {
    this.options = options;
    const { output, format } = options;
    const destination = {
      write: (line: string) => output.writeUnbuffered(line),
      reopen() {},
      close() {},
      linesLost: 0,
    };
    this.marker = new Logger({ level: 'info', format, destination });
    this.openInode = inodeOf(options.logFile);
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    process.once('exit', this.flush);
  }

  stop(): void {
    clearInterval(this.timer);
    process.off('exit', this.flush);
    this.flush();
  }

  /** Rotates when the file has reached its size. Never throws. */
  async look(): Promise<void> {
    const { rotates, logFile, maxSizeBytes, complain } = this.options;
    if (!rotates || this.isBusy || performance.now() < this.pausedUntil) return;
    this.isBusy = true;
    try {
      if (sizeOf(logFile) >= maxSizeBytes) await this.rotate();
      await this.tidy();
    } catch (error) {
      this.pausedUntil = performance.now() + PAUSE_MS;
      complain(`${logFile}: cannot be rotated: ${(error as Error).message}`);
    } finally {
      this.isBusy = false;
    }
  }

  /** Goes on in a new file when the one that PM2 has open was renamed or removed, as logrotate does. Never throws. */
  async reopenIfMoved(): Promise<void> {
    const { logFile, complain, output } = this.options;
    if (this.isBusy || (this.openInode !== null && inodeOf(logFile) === this.openInode)) return;
    this.isBusy = true;
    output.hold();
    try {
      prepareLog(logFile);
      this.options.reopen();
      await this.untilWrittenAnew('a file that was renamed or removed', () => {});
    } catch (error) {
      complain(`${logFile}: cannot be opened again: ${(error as Error).message}`);
    } finally {
      output.release();
      this.isBusy = false;
    }
  }

  private readonly flush = (): void => {
    this.options.output.release();
    this.options.output.flush();
  };

  private async rotate(): Promise<void> {
    const { output, logFile, reopen } = this.options;
    const rotated = rotatedName(logFile, new Date());
    output.hold();
    try {
      const from = sizeOf(logFile);
      this.marker.info('Log goes on in a new file; this one becomes', { file: basename(rotated) });
      await until(() => textFrom(logFile, from).includes(basename(rotated)), WRITTEN_LIMIT_MS, 'PM2 does not write');
      renameLog(logFile, rotated);
      reopen();
      // still written to after all: so it keeps its name
      await this.untilWrittenAnew(basename(rotated), () => renameSync(rotated, logFile));
    } finally {
      output.release();
    }
  }

  /** A line that went to the old file, or was lost on the way, says nothing: the next one will. */
  private async untilWrittenAnew(before: string, giveUp: () => void): Promise<void> {
    const { logFile, reopen } = this.options;
    for (let probe = 1; probe <= PROBES; probe++) {
      await delay(POLL_MS);
      this.marker.info('Log goes on from', { file: before });
      if (await appears(() => sizeOf(logFile) > 0, PROBE_LIMIT_MS)) {
        this.openInode = inodeOf(logFile);
        return;
      }
      reopen();
    }
    giveUp();
    throw new Error('PM2 does not open its logs anew');
  }

  /** Compresses what is not yet, also what a router that was killed has left, and removes the oldest. */
  private async tidy(): Promise<void> {
    const { logFile } = this.options;
    for (const path of rotatedLogs(logFile)) if (path.endsWith('.log')) await compressLog(path);
    removeOldLogs(this.options);
  }
}

async function until(condition: () => boolean, limitMs: number, problem: string): Promise<void> {
  if (!(await appears(condition, limitMs))) throw new Error(problem);
}

async function appears(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Null when the file is missing or cannot be examined. */
function inodeOf(path: string): bigint | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
  } catch {
    return null;
  }
}

/** Makes the log with mode 600 unless there is one, so that PM2 does not make it readable by others. */
function prepareLog(path: string): void {
  closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What a file holds from byte `from` on: here, not more than what was on its way. */
function textFrom(path: string, from: number): string {
  const length = sizeOf(path) - from;
  if (length <= 0) return '';
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, length, from));
  } finally {
    closeSync(descriptor);
  }
}

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

const CHECK_INTERVAL_MS = 1000;
/** Pause after a failed rotation. */
const RETRY_PAUSE_MS = 60_000;
const POLL_MS = 5;
/** Time for PM2 to write the output it has received. */
const WRITE_TIMEOUT_MS = 5000;
/** Time for a probe line to appear in the new file; after it, PM2 is assumed to write to the old one. */
const PROBE_TIMEOUT_MS = 200;
const MAX_PROBES = 25;

export interface LogRotationOptions extends RotationSettings {
  readonly output: BufferedOutput;
  /** False when another program or none rotates the file: then it is only reopened after a rename. */
  readonly rotates: boolean;
  readonly format: LogFormat;
  /** Makes the writer of the file reopen it. */
  readonly reopen: () => void;
  readonly reportProblem: (problem: string) => void;
}

/**
 * Rotates the file to which PM2 writes this process's output, without losing a line. PM2 discards unwritten output when it
 * reopens its logs, and copy-and-truncate loses lines written between the two steps. Therefore output is buffered during
 * a rotation: a marker line appears in the old file, the file is renamed, PM2 reopens it, and the buffer is written
 * once a probe line has appeared in the new file.
 */
export class LogRotation {
  private readonly options: LogRotationOptions;
  /** Writes markers and probes, unbuffered. */
  private readonly marker: Logger;
  private readonly timer: NodeJS.Timeout;
  private isBusy = false;
  private pausedUntil = 0;
  /** Inode of the file that PM2 has open; null before PM2 has created it. */
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
    this.timer = setInterval(() => void this.rotateIfFull(), CHECK_INTERVAL_MS).unref();
    process.once('exit', this.flush);
  }

  stop(): void {
    clearInterval(this.timer);
    process.off('exit', this.flush);
    this.flush();
  }

  /** Rotates when the file has reached its size. Never throws. */
  async rotateIfFull(): Promise<void> {
    const { rotates, logFile, maxSizeBytes, reportProblem } = this.options;
    if (!rotates || this.isBusy || performance.now() < this.pausedUntil) return;
    this.isBusy = true;
    try {
      if (sizeOf(logFile) >= maxSizeBytes) await this.rotate();
      await this.compressAndRemoveOld();
    } catch (error) {
      this.pausedUntil = performance.now() + RETRY_PAUSE_MS;
      reportProblem(`${logFile}: cannot be rotated: ${(error as Error).message}`);
    } finally {
      this.isBusy = false;
    }
  }

  /** Makes PM2 reopen the file after a rename or removal, for instance by logrotate. Never throws. */
  async reopenIfMoved(): Promise<void> {
    const { logFile, reportProblem, output } = this.options;
    if (this.isBusy || (this.openInode !== null && inodeOf(logFile) === this.openInode)) return;
    this.isBusy = true;
    output.hold();
    try {
      prepareLog(logFile);
      this.options.reopen();
      await this.probeNewFile('a file that was renamed or removed');
    } catch (error) {
      reportProblem(`${logFile}: cannot be opened again: ${(error as Error).message}`);
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
      await requireWithin(
        () => textFrom(logFile, from).includes(basename(rotated)),
        WRITE_TIMEOUT_MS,
        'PM2 does not write',
      );
      renameLog(logFile, rotated);
      try {
        reopen();
        await this.probeNewFile(basename(rotated));
      } catch (error) {
        renameSync(rotated, logFile); // PM2 still writes to it
        throw error;
      }
    } finally {
      output.release();
    }
  }

  /** Writes probe lines until one appears in the new file. A probe may go to the old file, or be lost during the switch. */
  private async probeNewFile(before: string): Promise<void> {
    const { logFile, reopen } = this.options;
    for (let probe = 1; probe <= MAX_PROBES; probe++) {
      await delay(POLL_MS);
      this.marker.info('Log goes on from', { file: before });
      if (await waitFor(() => sizeOf(logFile) > 0, PROBE_TIMEOUT_MS)) {
        this.openInode = inodeOf(logFile);
        return;
      }
      reopen();
    }
    throw new Error('PM2 does not reopen its logs');
  }

  /** Compresses rotated logs, also those left by a killed router, and removes the oldest. */
  private async compressAndRemoveOld(): Promise<void> {
    const { logFile } = this.options;
    for (const path of rotatedLogs(logFile)) if (path.endsWith('.log')) await compressLog(path);
    removeOldLogs(this.options);
  }
}

async function requireWithin(condition: () => boolean, limitMs: number, problem: string): Promise<void> {
  if (!(await waitFor(condition, limitMs))) throw new Error(problem);
}

async function waitFor(condition: () => boolean, limitMs: number): Promise<boolean> {
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

/** Creates the log with mode 600 unless it exists: PM2 would make it readable by others. */
function prepareLog(path: string): void {
  closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The content of a file from byte `from` on: here, at most the output that was in flight. */
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

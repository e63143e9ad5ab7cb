import { connect, type Socket } from 'node:net';
import { pluralForm } from '../text/index.ts';
import type { LogLevel } from './logger.ts';

/** Socket on which journald accepts log streams of services. */
const JOURNAL_SOCKET = '/run/systemd/journal/stdout';
/** syslog priorities, as in `journalctl -p`. */
const PRIORITIES = { debug: 7, info: 6, warning: 4, error: 3, critical: 2 } as const;
type WritingLevel = Exclude<LogLevel, 'none'>;

/** Limit of the queue while journald is unavailable or slow; beyond it the oldest lines are dropped and counted. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;
const CLOSE_TIMEOUT_MS = 500;

export interface JournalOptions {
  /** The syslog identifier, for `journalctl -t`. */
  readonly identifier: string;
  readonly socketPath?: string;
}

/**
 * A stream of lines to the systemd journal, like the one that systemd opens for the standard output of a service. Under PM2
 * standard output goes to a file; this stream delivers the lines, with their priorities, to `journalctl -u`. It never throws
 * and never blocks: while journald is unavailable, up to 1 MiB of lines is queued.
 */
export class JournalStream {
  /** Lines that did not reach the journal. */
  linesLost = 0;
  private readonly options: JournalOptions;
  private socket: Socket | null = null;
  private isConnected = false;
  private isClosing = false;
  private queue: string[] = [];
  private queuedBytes = 0;
  private lostSinceNotice = 0;
  private retryMs = MIN_RETRY_MS;
  private retryTimer: NodeJS.Timeout | null = null;

  constructor(options: JournalOptions) {
    this.options = options;
    this.connect();
  }

  /** Writes a line; a line break in it would start a second entry. */
  write(level: WritingLevel, line: string): void {
    if (this.isClosing) return;
    this.enqueue(`<${PRIORITIES[level]}>${line.endsWith('\n') ? line : `${line}\n`}`);
    this.flush();
  }

  /** Resolves when all lines are written, or after a short timeout. */
  close(): Promise<void> {
    this.isClosing = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    const { socket } = this;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      this.flush();
    });
  }

  private connect(): void {
    this.retryTimer = null;
    // journald closes its sending side at once; without allowHalfOpen Node would then close the other one too
    const socket = connect({ path: this.options.socketPath ?? JOURNAL_SOCKET, allowHalfOpen: true });
    this.socket = socket;
    socket.on('error', () => {}); // followed by 'close'
    socket.once('connect', () => this.onConnect(socket));
    socket.once('close', () => this.onClose());
    socket.on('drain', () => this.flush());
    // the journal does not keep the process alive, except in close()
    socket.unref();
    socket.resume();
  }

  private onConnect(socket: Socket): void {
    this.isConnected = true;
    this.retryMs = MIN_RETRY_MS;
    // identifier, unit (journald finds it itself), default priority, lines have a priority prefix, three forwarding switches: off
    socket.write(`${this.options.identifier}\n\n6\n1\n0\n0\n0\n`);
    this.flush();
  }

  private onClose(): void {
    this.isConnected = false;
    this.socket = null;
    if (this.isClosing) {
      this.countLost(this.queue.length);
      return;
    }
    this.retryTimer = setTimeout(() => this.connect(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }

  /** Writes queued lines until the socket applies backpressure. */
  private flush(): void {
    const { socket } = this;
    if (socket === null || !this.isConnected) return;
    if (this.lostSinceNotice > 0 && !socket.writableNeedDrain) {
      const note = `<4>(${this.lostSinceNotice} log ${pluralForm('en', this.lostSinceNotice, 'line|lines')} before this one did not reach the journal)\n`;
      this.lostSinceNotice = 0;
      socket.write(note);
    }
    while (this.queue.length > 0 && !socket.writableNeedDrain) {
      const line = this.queue.shift() ?? '';
      this.queuedBytes -= line.length;
      socket.write(line, (error) => {
        if (error) this.countLost(1);
      });
    }
    if (this.isClosing && this.queue.length === 0) socket.end(() => socket.destroy());
  }

  private enqueue(line: string): void {
    this.queue.push(line);
    this.queuedBytes += line.length;
    while (this.queuedBytes > MAX_QUEUED_BYTES) {
      this.queuedBytes -= this.queue.shift()?.length ?? 0;
      this.countLost(1);
    }
  }

  private countLost(lines: number): void {
    this.linesLost += lines;
    this.lostSinceNotice += lines;
  }
}

import { connect, type Socket } from 'node:net';
import type { LogLevel } from './logger.ts';

/** Where journald takes lines from services. */
const JOURNAL_SOCKET = '/run/systemd/journal/stdout';
/** syslog priorities, which `journalctl -p` knows by name. */
const PRIORITIES = { debug: 7, info: 6, warning: 4, error: 3, critical: 2 } as const;
type WritingLevel = Exclude<LogLevel, 'none'>;

/** What may wait while journald is away or slow; beyond it the oldest lines are lost, and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
const CLOSE_LIMIT_MS = 500;

export interface JournalOptions {
  /** What `journalctl -t` finds the lines by. */
  readonly identifier: string;
  readonly socketPath?: string;
}

/**
 * A stream of lines to the systemd journal, as systemd itself makes one of a service's standard output. Under PM2 that
 * output is a file, so that this is how lines reach `journalctl -u` with their priorities. It never throws and never
 * waits: a journal that is away gets up to 1 MiB of lines when it is back.
 */
export class JournalStream {
  /** Lines that did not reach the journal. */
  linesLost = 0;
  private readonly options: JournalOptions;
  private socket: Socket | null = null;
  private isConnected = false;
  private isClosing = false;
  private waiting: string[] = [];
  private waitingBytes = 0;
  private lostSinceSaid = 0;
  private retryMs = FIRST_RETRY_MS;
  private retryTimer: NodeJS.Timeout | null = null;

  constructor(options: JournalOptions) {
    this.options = options;
    this.connect();
  }

  /** Passes a line on; a line break in it would begin a second entry. */
  write(level: WritingLevel, line: string): void {
    if (this.isClosing) return;
    this.enqueue(`<${PRIORITIES[level]}>${line.endsWith('\n') ? line : `${line}\n`}`);
    this.flush();
  }

  /** Resolves when the last line is out, or cannot be for now. */
  close(): Promise<void> {
    this.isClosing = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    const { socket } = this;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS);
      socket.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      this.flush();
    });
  }

  private connect(): void {
    this.retryTimer = null;
    // journald shuts its side of a stream at once; without allowHalfOpen Node would close the other one, too
    const socket = connect({ path: this.options.socketPath ?? JOURNAL_SOCKET, allowHalfOpen: true });
    this.socket = socket;
    socket.on('error', () => {}); // what follows is 'close', whatever it was
    socket.once('connect', () => this.onConnect(socket));
    socket.once('close', () => this.onClose());
    socket.on('drain', () => this.flush());
    // a router that is done does not wait for its journal, except in close()
    socket.unref();
    socket.resume();
  }

  private onConnect(socket: Socket): void {
    this.isConnected = true;
    this.retryMs = FIRST_RETRY_MS;
    // identifier, unit (journald looks it up itself), priority without prefix, prefixes wanted, three times not forwarded
    socket.write(`${this.options.identifier}\n\n6\n1\n0\n0\n0\n`);
    this.flush();
  }

  private onClose(): void {
    this.isConnected = false;
    this.socket = null;
    if (this.isClosing) {
      this.forget(this.waiting.length);
      return;
    }
    this.retryTimer = setTimeout(() => this.connect(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  /** Hands over what waits, as far as the socket takes it. */
  private flush(): void {
    const { socket } = this;
    if (socket === null || !this.isConnected) return;
    if (this.lostSinceSaid > 0 && !socket.writableNeedDrain) {
      const note = `<4>(${this.lostSinceSaid} log lines before this one did not reach the journal)\n`;
      this.lostSinceSaid = 0;
      socket.write(note);
    }
    while (this.waiting.length > 0 && !socket.writableNeedDrain) {
      const line = this.waiting.shift() ?? '';
      this.waitingBytes -= line.length;
      socket.write(line, (error) => {
        if (error) this.forget(1);
      });
    }
    if (this.isClosing && this.waiting.length === 0) socket.end(() => socket.destroy());
  }

  private enqueue(line: string): void {
    this.waiting.push(line);
    this.waitingBytes += line.length;
    while (this.waitingBytes > MAX_WAITING_BYTES) {
      this.waitingBytes -= this.waiting.shift()?.length ?? 0;
      this.forget(1);
    }
  }

  private forget(lines: number): void {
    this.linesLost += lines;
    this.lostSinceSaid += lines;
  }
}

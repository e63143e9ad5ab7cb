import type { LogDestination } from './log-destination.ts';

/** Limit of the buffer; lines beyond it are written at once. */
const MAX_BUFFERED_CHARS = 4 * 1024 * 1024;
/** Buffered lines are written in chunks that fit a pipe, because a full pipe may lose lines. */
const CHUNK_CHARS = 16 * 1024;
const CHUNK_INTERVAL_MS = 5;

/** Output that can be buffered briefly, while the process that reads it switches to another file. */
export class BufferedOutput implements LogDestination {
  private readonly inner: LogDestination;
  private buffer: string[] = [];
  private bufferedChars = 0;
  private isBuffering = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(inner: LogDestination) {
    this.inner = inner;
  }

  write(line: string): void {
    if ((!this.isBuffering && this.buffer.length === 0) || this.bufferedChars > MAX_BUFFERED_CHARS) {
      this.flush();
      this.inner.write(line);
      return;
    }
    this.buffer.push(line);
    this.bufferedChars += line.length;
  }

  /** Starts buffering. */
  hold(): void {
    this.isBuffering = true;
    // lines left from the previous time come first
    this.flush();
  }

  /** Stops buffering, and writes the buffered lines in order, one chunk at a time. */
  release(): void {
    this.isBuffering = false;
    this.writeChunk();
  }

  /** Writes a line before the buffered ones. */
  writeUnbuffered(line: string): void {
    this.inner.write(line);
  }

  /** Writes all buffered lines at once; for the end of the process. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const lines = this.buffer;
    this.buffer = [];
    this.bufferedChars = 0;
    for (const line of lines) this.inner.write(line);
  }

  reopen(): void {
    this.inner.reopen();
  }

  close(): void {
    this.flush();
    this.inner.close();
  }

  get linesLost(): number {
    return this.inner.linesLost;
  }

  private writeChunk(): void {
    this.timer = null;
    if (this.isBuffering) return;
    let chars = 0;
    let count = 0;
    for (const line of this.buffer) {
      if (chars > 0 && chars + line.length > CHUNK_CHARS) break;
      this.inner.write(line);
      chars += line.length;
      count++;
    }
    this.buffer = this.buffer.slice(count);
    this.bufferedChars -= chars;
    if (this.buffer.length > 0) this.timer = setTimeout(() => this.writeChunk(), CHUNK_INTERVAL_MS);
  }
}

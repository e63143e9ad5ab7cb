import type { LogDestination } from './log-destination.ts';

/** At most this much is held back; beyond, lines are written whatever happens to them. */
const MAX_HELD_CHARS = 4 * 1024 * 1024;
/** What is held back goes out in portions that fit a pipe, since a full one may lose lines. */
const PORTION_CHARS = 16 * 1024;
const PORTION_EVERY_MS = 5;

/** Standard output that can be held back for a moment, while whoever reads it changes the file that it goes to. */
export class BufferedOutput implements LogDestination {
  private readonly inner: LogDestination;
  private held: string[] = [];
  private heldChars = 0;
  private isHolding = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(inner: LogDestination) {
    this.inner = inner;
  }

  write(line: string): void {
    if ((!this.isHolding && this.held.length === 0) || this.heldChars > MAX_HELD_CHARS) {
      this.flush();
      this.inner.write(line);
      return;
    }
    this.held.push(line);
    this.heldChars += line.length;
  }

  /** Keeps lines back from now on. */
  hold(): void {
    this.isHolding = true;
    // what is left of the last time goes out first, so that nothing is overtaken
    this.flush();
  }

  /** Lets the lines go, in order, a portion at a time. */
  release(): void {
    this.isHolding = false;
    this.writePortion();
  }

  /** Writes a line past those that are held back. */
  writeUnbuffered(line: string): void {
    this.inner.write(line);
  }

  /** Writes all at once: the process is about to end. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const lines = this.held;
    this.held = [];
    this.heldChars = 0;
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

  private writePortion(): void {
    this.timer = null;
    if (this.isHolding) return;
    let chars = 0;
    let count = 0;
    for (const line of this.held) {
      if (chars > 0 && chars + line.length > PORTION_CHARS) break;
      this.inner.write(line);
      chars += line.length;
      count++;
    }
    this.held = this.held.slice(count);
    this.heldChars -= chars;
    if (this.held.length > 0) this.timer = setTimeout(() => this.writePortion(), PORTION_EVERY_MS);
  }
}

import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const CLEAR_LINE = '\r\u001b[K';

/** Colours `text` on a terminal; plain text in a pipe or with NO_COLOR (https://no-color.org). */
export function paint(
  stream: NodeJS.WriteStream,
  style: Style,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const colours = stream.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/**
 * Closes terminals that no longer exist, before Node exits. Node restores the terminal modes on exit and aborts (SIGABRT) if
 * a terminal is gone, for example after a closed SSH session; it skips closed descriptors.
 */
export function closeLostTerminals(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.once('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}

/** A spinner with a text; no output in a pipe. */
export class Progress {
  private readonly stream: NodeJS.WriteStream;
  private timer: NodeJS.Timeout | null = null;
  private text = '';
  private frame = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  /** Shows `text`, replacing the previous one. */
  show(text: string): void {
    this.text = text;
    if (!this.stream.isTTY) return;
    this.timer ??= setInterval(() => this.draw(), FRAME_MS);
    this.draw();
  }

  /** Removes the line. */
  end(): void {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.stream.write(CLEAR_LINE);
  }

  private draw(): void {
    this.frame = (this.frame + 1) % FRAMES.length;
    this.stream.write(`${CLEAR_LINE}${FRAMES[this.frame]} ${this.text}`);
  }
}

import type { CommandContext } from '../cli/index.ts';
import { paint } from '../cli/index.ts';
import { cutLine, type Line } from './line.ts';

const ENTER_ALTERNATE_SCREEN = '\u001b[?1049h\u001b[?25l';
const LEAVE_ALTERNATE_SCREEN = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';
const ESCAPE = '\u001b';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Full-screen terminal: uses the alternate screen and restores the terminal on every kind of exit. */
export class Screen {
  /** Resolves on `q`, Escape, Ctrl-C or a signal. */
  readonly quit: Promise<void>;
  private readonly context: CommandContext;
  private requestQuit: () => void = () => {};
  private readonly onKey = (key: Buffer): void => {
    const text = key.toString();
    if (text === ESCAPE || /[qQйЙ]/.test(text) || text.includes(CTRL_C)) this.requestQuit();
  };
  private readonly restore = (): void => {
    this.context.stdout.write(LEAVE_ALTERNATE_SCREEN);
  };

  /** `redraw` is called when the window size changes. */
  constructor(context: CommandContext, redraw: () => void) {
    this.context = context;
    const { stdin, stdout } = context;
    this.quit = new Promise((resolve) => {
      this.requestQuit = resolve;
    });
    stdout.write(ENTER_ALTERNATE_SCREEN);
    process.once('exit', this.restore);
    for (const signal of SIGNALS) process.on(signal, this.requestQuit);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', this.onKey).resume();
    stdout.on('resize', redraw);
  }

  /** Some terminals report 0 columns. */
  get columns(): number {
    return this.context.stdout.columns || 80;
  }

  private get rows(): number {
    return this.context.stdout.rows || 24;
  }

  /** Overwrites the previous frame without clearing it, to avoid flicker. */
  draw(lines: readonly Line[], footer: Line): void {
    const { stdout } = this.context;
    const { rows, columns } = this;
    const shown = lines
      .slice(0, Math.max(0, rows - 1))
      .map((line) => `${this.paint(cutLine(line, columns))}${CLEAR_LINE_END}\n`);
    stdout.write(`${HOME}${shown.join('')}${CLEAR_BELOW}\u001b[${rows};1H${this.paint(cutLine(footer, columns))}`);
  }

  close(): void {
    const { stdin, stdout } = this.context;
    stdin.off('data', this.onKey).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.removeAllListeners('resize');
    for (const signal of SIGNALS) process.off(signal, this.requestQuit);
    process.off('exit', this.restore);
    this.restore();
  }

  private paint(line: Line): string {
    const { stdout, env } = this.context;
    return line.map(({ text, style }) => (style === undefined ? text : paint(stdout, style, text, env))).join('');
  }
}

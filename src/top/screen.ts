import type { CommandContext } from '../cli/index.ts';
import { paint } from '../cli/index.ts';
import { cutLine, type Line } from './line.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';
const ESCAPE = '\u001b';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The terminal while `--top` has it: a screen of its own, given back as it was in whatever way it ends. */
export class Screen {
  /** Resolves when the user, or a signal, wants it to end. */
  readonly quit: Promise<void>;
  private readonly context: CommandContext;
  private requestQuit: () => void = () => {};
  private readonly onKey = (key: Buffer): void => {
    const text = key.toString();
    if (text === ESCAPE || /[qQйЙ]/.test(text) || text.includes(CTRL_C)) this.requestQuit();
  };
  private readonly restore = (): void => {
    this.context.stdout.write(LEAVE);
  };

  /** `redraw` is called when the window has changed. */
  constructor(context: CommandContext, redraw: () => void) {
    this.context = context;
    const { stdin, stdout } = context;
    this.quit = new Promise((resolve) => {
      this.requestQuit = resolve;
    });
    stdout.write(ENTER);
    process.once('exit', this.restore);
    for (const signal of SIGNALS) process.on(signal, this.requestQuit);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', this.onKey).resume();
    stdout.on('resize', redraw);
  }

  /** A terminal that does not know its size says 0. */
  get columns(): number {
    return this.context.stdout.columns || 80;
  }

  private get rows(): number {
    return this.context.stdout.rows || 24;
  }

  /** Draws over what is there, so that nothing flickers. */
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

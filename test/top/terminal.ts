import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { PROGRAM } from '../support/program.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;
export const SKIP_WITHOUT_SCRIPT = hasScript ? false : 'SKIPPED: script(1) is not on the PATH (Debian: bsdutils)';

/** A command on its own terminal, created by script(1). */
export class Terminal implements AsyncDisposable {
  readonly exited: Promise<number | null>;
  /** All output to the terminal. */
  output = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const quoted = [process.execPath, ...PROGRAM, ...args].map((part) => `'${part}'`).join(' ');
    this.child = spawn('script', ['-qefc', `stty rows 30 cols 100; exec ${quoted}`, '/dev/null'], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TERM: 'xterm', LC_ALL: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** The screen since it was last drawn from the top. */
  get screen(): string {
    return this.output.slice(this.output.lastIndexOf('\u001b[H'));
  }

  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const find = () => pattern.exec(this.screen);
    return poll(`${pattern} on the screen`, find, { limitMs: 20_000 }).catch((cause: unknown) => {
      throw new Error(`the terminal has:\n${this.output.slice(-4000)}`, { cause });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await within(this.exited, PATIENCE_MS, 'the terminal to close');
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { poll } from '../support/poll.ts';
import { PROGRAM, ROOT } from '../support/program.ts';

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Descriptors or streams for standard output and standard error; pipes by default. */
  readonly stdout?: 'pipe' | number;
  /** A command that runs the router, for example `setpriv`. */
  readonly wrapper?: readonly string[];
  /** Run as this user. */
  readonly uid?: number;
}

/**
 * A router started with exactly the given arguments (RouterProcess adds some that cannot be repeated), by default on a free
 * port of 127.0.0.1.
 */
export class SpawnedRouter implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Output on standard output and standard error. */
  output = '';

  constructor(args: readonly string[] = [], options: SpawnOptions = {}) {
    const host = args.includes('--host') ? [] : ['--host', '127.0.0.1'];
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const command = [...(options.wrapper ?? []), process.execPath, ...PROGRAM];
    const [program = '', ...rest] = [...command, ...host, ...port, ...args];
    this.child = spawn(program, rest, {
      cwd: ROOT,
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exited = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** Waits for output that matches. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    return poll(
      `${pattern} in the output`,
      () => {
        const match = pattern.exec(this.output);
        if (match === null && this.child.exitCode !== null) throw new Error(`it has exited:\n${this.output}`);
        return match;
      },
      { limitMs: 15_000 },
    );
  }

  /** The port, once it accepts connections. */
  async listens(): Promise<number> {
    const [, port] = await this.logged(/listening on .*:(\d+)\n[^\n]*Ready to accept connections/);
    return Number(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

import { type ChildProcess, type SendHandle, spawn } from 'node:child_process';
import type { RouterStatus } from '../telemetry/index.ts';
import { LogLines } from './log-lines.ts';
import {
  type Answers,
  type ParentMessage,
  type Question,
  type StartFailure,
  WORKER_ARGUMENT,
  WORKER_PROTOCOL,
  type WorkerMessage,
  type WorkerStart,
} from './protocol.ts';

/** Command line of a router: Node.js, its arguments, and the script. */
export type Program = readonly [string, ...string[]];

export interface WorkerProcessOptions {
  readonly program: Program;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly start: Omit<WorkerStart, 'kind'>;
  readonly writeLogLine: (line: string) => void;
  readonly onChange: (worker: WorkerProcess) => void;
  readonly onEnded: (worker: WorkerProcess) => void;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A worker of another protocol version, or one that gave up before it was ready. */
export class WorkerStartError extends Error {
  readonly failure: StartFailure | null;
  readonly isIncompatible: boolean;

  constructor(message: string, failure: StartFailure | null, isIncompatible = false) {
    super(message);
    this.failure = failure;
    this.isIncompatible = isIncompatible;
  }
}

const ASK_TIMEOUT_MS = 2000;
/** Workers send a beat every 250 ms. */
export const LATE_AFTER_MS = 1000;

/** A worker as its parent sees it: starts the process, exchanges messages with it, and notices its end. */
export class WorkerProcess {
  readonly number: number;
  readonly pid: number;
  readonly startedAtMs = performance.now();
  state: 'starting' | 'ready' | 'draining' | 'ended' = 'starting';
  version = '';
  exit: WorkerExit | null = null;
  /** Cause of an intended end, for the log and the count of restarts. */
  endReason: 'hang' | 'memory' | 'restart' | null = null;
  lastBeatAtMs = performance.now();
  admitted = 0;
  /** Whether it accepts connections, as last commanded or reported. */
  isAccepting = false;
  /** Whether it has received the socket. */
  hasSocket = false;
  /** The status of its last beat that carried one. */
  status: RouterStatus | null = null;
  /** Limit of connections. */
  connectionLimit: number;
  /** Resolves when it accepts connections; rejects when it ends before. */
  readonly serving: Promise<void>;
  readonly ended: Promise<void>;
  private readonly options: WorkerProcessOptions;
  private readonly child: ChildProcess;
  private readonly questions = new Map<number, (answer: unknown) => void>();
  private nextQuestion = 0;
  private failure: StartFailure | null = null;
  private markServing: () => void = () => {};
  private markFailed: (error: Error) => void = () => {};

  constructor(options: WorkerProcessOptions) {
    this.options = options;
    const { program, env, start } = options;
    this.number = start.worker;
    this.connectionLimit = start.config.maxConnections;
    const [command, ...args] = program;
    this.child = spawn(command, [...args, WORKER_ARGUMENT, String(start.worker)], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.pid = this.child.pid ?? 0;
    this.serving = new Promise((resolve, reject) => {
      this.markServing = resolve;
      this.markFailed = reject;
    });
    this.serving.catch(() => {}); // there may be no reader
    this.ended = new Promise((resolve) => this.listen(resolve));
  }

  /** False when its beats are late: its event loop is blocked. */
  get isResponsive(): boolean {
    return performance.now() - this.lastBeatAtMs < LATE_AFTER_MS;
  }

  send(message: ParentMessage, handle?: object): void {
    // a worker that is about to end has closed the channel
    if (this.child.connected) this.child.send(message, handle as SendHandle | undefined, () => {});
  }

  /** Asks the worker; null when it does not answer in time. */
  ask<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    timeoutMs = ASK_TIMEOUT_MS,
  ): Promise<Answers[Kind] | null> {
    const id = this.nextQuestion++;
    return new Promise((resolve) => {
      const finish = (answer: unknown): void => {
        clearTimeout(timer);
        this.questions.delete(id);
        resolve(answer as Answers[Kind] | null);
      };
      const timer = setTimeout(() => finish(null), timeoutMs);
      this.questions.set(id, finish);
      if (this.state === 'ended') finish(null);
      else this.send({ kind: 'ask', id, question });
    });
  }

  accept(handle: object, pausesWhenFull: boolean): void {
    this.isAccepting = true;
    this.hasSocket = true;
    this.send({ kind: 'accept', pausesWhenFull }, handle);
  }

  pauseAccepting(): void {
    this.isAccepting = false;
    this.send({ kind: 'pauseAccepting' });
  }

  /** Starts a graceful shutdown. */
  drain(isReplaced: boolean): void {
    if (this.state === 'ended') return;
    this.state = 'draining';
    this.isAccepting = false;
    this.send({ kind: 'drain', isReplaced });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private listen(onEnded: () => void): void {
    const { child } = this;
    const lines = new LogLines(this.options.writeLogLine);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.add(text));
    child.on('message', (message) => this.receive(message as WorkerMessage));
    const end = (exit: WorkerExit, message: string): void => {
      if (this.state === 'ended') return;
      lines.end();
      this.exit = exit;
      this.state = 'ended';
      this.isAccepting = false;
      for (const finish of [...this.questions.values()]) finish(null);
      this.markFailed(new WorkerStartError(message, this.failure));
      onEnded();
      this.options.onEnded(this);
    };
    child.once('error', (error) => end({ code: null, signal: null }, error.message));
    child.once('close', (code, signal) => end({ code, signal }, `it ended with ${signal ?? `code ${code}`}`));
  }

  private receive(message: WorkerMessage): void {
    this.lastBeatAtMs = performance.now();
    switch (message.kind) {
      case 'hello':
        this.checkVersion(message.protocol, message.version);
        break;
      case 'ready':
        if (this.state === 'starting') this.state = 'ready';
        break;
      case 'paused':
        this.admitted = message.admitted;
        this.isAccepting = false;
        break;
      case 'beat':
        this.admitted = message.admitted;
        this.status = message.status ?? this.status;
        break;
      case 'answer':
        this.questions.get(message.id)?.(message.answer);
        return;
      case 'failed':
        this.failure = message.failure;
        return;
      case 'accepting':
        this.markServing();
        break;
    }
    this.options.onChange(this);
  }

  private checkVersion(protocol: number, version: string): void {
    this.version = version;
    if (protocol === WORKER_PROTOCOL) this.send({ kind: 'start', ...this.options.start });
    else {
      this.markFailed(new WorkerStartError(`version ${version} is incompatible`, null, true));
      this.kill();
    }
  }
}

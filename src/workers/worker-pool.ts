import type { RouterConfig } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import type { BoundSocket } from '../net/index.ts';
import { decideAdmission } from './admission.ts';
import { RespawnDelay } from './respawn-delay.ts';
import { type Program, WorkerProcess } from './worker-process.ts';
import { CHECK_INTERVAL_MS, WorkerWatch } from './worker-watch.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: () => RouterConfig;
  /** Resident memory of a worker beyond which it is replaced; null without a limit. */
  readonly memoryLimitBytes: () => number | null;
  readonly sessionKey: string;
  readonly linkFolder: string;
}

export type RestartReason = 'crash' | 'hang' | 'memory' | 'restart';

/** Time beyond the shutdown timeout after which a worker is killed. */
const DRAIN_RESERVE_MS = 2000;

/** The worker processes: starts them, replaces those that end, hang or use too much memory, and balances connections. */
export class WorkerPool {
  /** Started again since the start of the parent, by reason. */
  readonly restarts: Record<RestartReason, number> = { crash: 0, hang: 0, memory: 0, restart: 0 };
  program: Program;
  private readonly options: WorkerPoolOptions;
  /** The current process of each worker, by its number. */
  private readonly workers = new Map<number, WorkerProcess>();
  /** Processes that have been replaced and still drain. */
  private readonly replaced = new Set<WorkerProcess>();
  private readonly delays = new Map<number, RespawnDelay>();
  private readonly limits: number[];
  private readonly watch: WorkerWatch;
  private socket: BoundSocket | null = null;
  private isStopping = false;
  private hasStarted = false;
  private isDebug = false;
  private checkTimer: NodeJS.Timeout | null = null;
  private pausesWhenFull = true;
  /** Replacements are made one at a time. */
  private replacement: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerPoolOptions, program: Program, limits: readonly number[]) {
    this.options = options;
    this.program = program;
    this.limits = [...limits];
    this.watch = new WorkerWatch({
      log: options.log,
      timeoutMs: () => options.config().workerTimeoutMs,
      memoryLimitBytes: options.memoryLimitBytes,
      onMemoryExceeded: (worker) => this.onMemoryExceeded(worker),
    });
  }

  /** Current processes in the order of their numbers, then those that are being replaced. */
  get all(): readonly WorkerProcess[] {
    return [...[...this.workers.values()].sort((a, b) => a.number - b.number), ...this.replaced];
  }

  get size(): number {
    return this.options.count;
  }

  /** Workers that serve clients and are not about to end. */
  get serving(): readonly WorkerProcess[] {
    return [...this.workers.values()].filter(({ state }) => state === 'ready');
  }

  /** Starts all workers on `socket`; rejects with the first failure. */
  async start(socket: BoundSocket): Promise<void> {
    this.socket = socket;
    this.checkTimer = setInterval(() => this.check(), CHECK_INTERVAL_MS);
    const numbers = Array.from({ length: this.options.count }, (_, i) => i + 1);
    for (const number of numbers) this.workers.set(number, this.spawn(number, this.program));
    await Promise.all([...this.workers.values()].map(({ serving }) => serving));
    this.hasStarted = true;
  }

  /** Replaces worker `number` by a new process of `program`, without an interruption; rejects when that does not start.
   * Resolves with the version of the new process. */
  replace(number: number, program: Program, reason: 'memory' | 'restart'): Promise<string> {
    const replacing = this.replacement.then(() => this.replaceNow(number, program, reason));
    this.replacement = replacing.catch(() => {});
    return replacing;
  }

  /** Changes the limits of connections, in the order of the worker numbers. */
  setLimits(limits: readonly number[]): void {
    limits.forEach((limit, i) => {
      this.limits[i] = limit;
      const worker = this.workers.get(i + 1);
      if (worker !== undefined) worker.connectionLimit = limit;
    });
  }

  /** The configuration of worker `number`: its share of the limits, and nothing that belongs to the parent. */
  configOf(number: number, config = this.options.config()): RouterConfig {
    const { count, memoryLimitBytes } = this.options;
    return {
      ...config,
      maxMemory: memoryLimitBytes() ?? config.maxMemory,
      maxConnections: this.limits[number - 1] ?? 0,
      maxBufferBytes: Math.ceil(config.maxBufferBytes / count),
      pidFile: null,
      portsFile: null,
      controlSocket: null,
      logFile: null,
      outputFile: null,
      metrics: false,
      stats: false,
    };
  }

  setDebug(isDebug: boolean): void {
    this.isDebug = isDebug;
    for (const worker of this.all) worker.send({ kind: 'debug', isDebug });
  }

  /** Drains all workers; resolves when they have ended, by force after the shutdown timeout. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const worker of this.all) worker.drain(false);
    const limitMs = this.options.config().shutdownTimeoutMs + DRAIN_RESERVE_MS;
    const timer = setTimeout(() => this.kill(), limitMs);
    await Promise.all(this.all.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  /** Makes the workers close their connections by force. */
  stopAtOnce(): void {
    for (const worker of this.all) worker.send({ kind: 'stopAtOnce' });
    setTimeout(() => this.kill(), DRAIN_RESERVE_MS).unref();
  }

  /** Ends everything at once. */
  async dispose(): Promise<void> {
    this.isStopping = true;
    if (this.checkTimer !== null) clearInterval(this.checkTimer);
    const running = this.all.filter(({ state }) => state !== 'ended');
    this.kill();
    await Promise.all(running.map(({ ended }) => ended));
    this.socket?.close();
    this.socket = null;
  }

  private kill(): void {
    for (const worker of this.all) if (worker.state !== 'ended') worker.kill();
  }

  private spawn(number: number, program: Program): WorkerProcess {
    const { env, log, sessionKey, linkFolder } = this.options;
    const worker = new WorkerProcess({
      program,
      env,
      start: {
        worker: number,
        config: this.configOf(number),
        isDebug: this.isDebug,
        sessionKey,
        linkFolder,
      },
      writeLogLine: (line) => log.forward(line),
      onChange: (changed) => this.onChange(changed),
      onEnded: (ended) => this.onEnded(ended),
    });
    log.debug('Worker started', { worker: number, pid: worker.pid });
    return worker;
  }

  private onChange(worker: WorkerProcess): void {
    if (this.socket !== null && worker.state === 'ready' && !worker.hasSocket) {
      worker.accept(this.socket.handle, this.pausesWhenFull);
    } else if (worker.hasSocket && !worker.isAccepting) this.balance();
  }

  private onEnded(worker: WorkerProcess): void {
    if (this.replaced.delete(worker)) {
      this.options.log.debug('Replaced worker ended', describe(worker));
      return;
    }
    if (this.workers.get(worker.number) !== worker || this.isStopping || !this.hasStarted) return;
    const reason = worker.endReason ?? 'crash';
    const delayMs = this.delayOf(worker.number).next(performance.now() - worker.startedAtMs);
    this.options.log.error('Worker ended, starting it again', { ...describe(worker), reason, delayMs });
    this.restarts[reason]++;
    setTimeout(() => this.respawn(worker), delayMs).unref();
  }

  private respawn(former: WorkerProcess): void {
    if (this.isStopping || this.workers.get(former.number) !== former) return;
    const worker = this.spawn(former.number, this.program);
    this.workers.set(former.number, worker);
    worker.serving.then(
      () => this.options.log.info('Worker runs again', { worker: worker.number, pid: worker.pid }),
      () => {}, // `onEnded` follows
    );
  }

  private delayOf(number: number): RespawnDelay {
    const delay = this.delays.get(number) ?? new RespawnDelay();
    this.delays.set(number, delay);
    return delay;
  }

  private async replaceNow(number: number, program: Program, reason: 'memory' | 'restart'): Promise<string> {
    if (this.isStopping) throw new Error('the router is stopping');
    const next = this.spawn(number, program);
    // until it serves, the former process remains the worker
    this.replaced.add(next);
    await next.serving;
    this.replaced.delete(next);
    if (this.isStopping) throw new Error('the router is stopping');
    // the former process may have ended meanwhile, and another one taken its place
    const current = this.workers.get(number);
    this.workers.set(number, next);
    this.restarts[reason]++;
    if (current === undefined || current.state === 'ended') return next.version;
    current.endReason = reason;
    this.replaced.add(current);
    current.drain(true);
    const timer = setTimeout(() => current.kill(), this.options.config().shutdownTimeoutMs + DRAIN_RESERVE_MS);
    await current.ended;
    clearTimeout(timer);
    return next.version;
  }

  private check(): void {
    this.watch.check(this.all);
    this.balance();
  }

  private onMemoryExceeded(worker: WorkerProcess): void {
    const delayMs = this.delayOf(worker.number).next(performance.now() - worker.startedAtMs);
    setTimeout(() => this.replaceForMemory(worker), delayMs).unref();
  }

  private replaceForMemory(worker: WorkerProcess): void {
    if (this.workers.get(worker.number) !== worker) return;
    this.replace(worker.number, this.program, 'memory').catch((error: Error) => {
      this.options.log.error('Worker not replaced', { worker: worker.number, error: error.message });
      worker.endReason = null;
    });
  }

  /** Makes the workers accept or pause, as their loads require. */
  private balance(): void {
    const { socket, serving } = this;
    if (socket === null || this.isStopping) return;
    const { accepts, pausesWhenFull } = decideAdmission(
      serving.map(({ admitted, connectionLimit, isResponsive }) => ({
        admitted,
        limit: connectionLimit,
        isResponsive,
      })),
    );
    const hasChanged = pausesWhenFull !== this.pausesWhenFull;
    this.pausesWhenFull = pausesWhenFull;
    serving.forEach((worker, i) => {
      if (!worker.hasSocket) return;
      if (accepts[i] && (!worker.isAccepting || hasChanged)) worker.accept(socket.handle, pausesWhenFull);
      else if (!accepts[i] && worker.isAccepting) worker.pauseAccepting();
    });
  }
}

function describe({ number, pid, exit }: WorkerProcess): { worker: number; pid: number; exit: string } {
  return { worker: number, pid, exit: exit?.signal ?? String(exit?.code ?? 'not started') };
}

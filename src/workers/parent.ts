import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';
import { bindSocket } from '../net/index.ts';
import {
  ConfigurationError,
  openLog,
  ReadyNotice,
  type Service,
  type ServiceContext,
  workerMemoryLimit,
} from '../process/index.ts';
import { type RouterStatus, statisticsLines } from '../telemetry/index.ts';
import { divideConnections } from './admission.ts';
import { makeLinkFolder } from './link-folder.ts';
import { ParentEndpoints } from './parent-endpoints.ts';
import { ParentReloader } from './parent-reload.ts';
import { ownProgram } from './program.ts';
import { RollingRestart } from './rolling-restart.ts';
import { WorkerPool } from './worker-pool.ts';
import { WorkerStartError } from './worker-process.ts';

export interface ParentOptions extends ServiceContext {
  readonly config: RouterConfig;
  readonly workers: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const SESSION_KEY_BYTES = 32;
/** A blocked worker must not delay a stop. */
const STATUS_TIMEOUT_MS = 300;

/**
 * The parent of several workers: owns the socket that they accept connections on, the pid file, the control socket, the
 * metrics port and the log. It routes nothing itself.
 */
export class WorkersParent implements Service {
  readonly stopped: Promise<void>;
  private readonly options: ParentOptions;
  private readonly linkFolder = makeLinkFolder();
  private readonly readyNotice: ReadyNotice;
  private readonly pool: WorkerPool;
  private readonly reloader: ParentReloader;
  private readonly endpoints: ParentEndpoints;
  private readonly deferred = new Set<() => void>();
  private state: RouterStatus['state'] = 'starting';
  private statisticsTimer: NodeJS.Timeout | null = null;
  private isDebug = false;
  private markStopped: () => void = () => {};

  constructor(options: ParentOptions) {
    this.options = options;
    const { config, log, load, workers, env } = options;
    this.stopped = new Promise((resolve) => {
      this.markStopped = resolve;
    });
    const instanceId = randomUUID();
    this.readyNotice = new ReadyNotice(config, instanceId, log);
    const currentConfig = (): RouterConfig => this.reloader.config;
    this.pool = new WorkerPool(
      {
        count: workers,
        log,
        env,
        config: currentConfig,
        memoryLimitBytes: () => memoryLimitOf(currentConfig(), workers),
        sessionKey: randomBytes(SESSION_KEY_BYTES).toString('base64'),
        linkFolder: this.linkFolder,
      },
      ownProgram(),
      divideConnections(config.maxConnections, new Array<number>(workers).fill(0)),
    );
    this.reloader = new ParentReloader(config, { log, load, openLog, pool: this.pool });
    const restart = new RollingRestart({ pool: this.pool, log });
    this.endpoints = new ParentEndpoints({
      pool: this.pool,
      log,
      instanceId,
      config: currentConfig,
      state: () => this.state,
      reload: () => this.reloader.state,
      restart: (request, response) => restart.handle(request, response),
    });
  }

  async start(): Promise<void> {
    const { config } = this.reloader;
    this.readyNotice.check();
    const metricsPort = await this.endpoints.open();
    if (this.stopsEarly()) return;
    const socket = await bindSocket(config.host, config.port);
    if (this.stopsEarly()) return socket.close();
    try {
      await this.pool.start(socket);
    } catch (error) {
      throw startErrorOf(error);
    }
    if (this.stopsEarly()) return;
    const { address, port } = socket.address;
    this.endpoints.status.listening.unshift({ purpose: 'grpc', host: address, port });
    const { reload } = (await this.pool.serving[0]?.ask({ kind: 'status' })) ?? {};
    if (reload !== undefined) this.reloader.setInForce(reload.inForce);
    this.state = 'ready';
    this.options.log.info(`${this.pool.size} workers started`, {
      pids: this.pool.serving.map(({ pid }) => pid).join(','),
    });
    this.readyNotice.publish(socket.address, metricsPort);
    this.scheduleStatistics();
    for (const action of this.deferred) action();
    this.deferred.clear();
  }

  requestStop(): void {
    const { log } = this.options;
    if (this.state === 'draining') {
      log.warning('Stopping at once');
      this.pool.stopAtOnce();
      return;
    }
    const wasReady = this.state === 'ready';
    this.state = 'draining';
    // during the start, `start` checks the state
    if (wasReady) void this.stop();
  }

  private async stop(): Promise<void> {
    const { connections } = await this.endpoints.status.fresh(STATUS_TIMEOUT_MS);
    this.options.log.info('Stopping', { connections: connections.current });
    await this.pool.stop();
    this.markStopped();
  }

  reload(): void {
    this.onceStarted(this.doReload);
  }

  logStatistics(): void {
    this.onceStarted(this.doLogStatistics);
  }

  toggleDebug(): void {
    const { log } = this.options;
    this.isDebug = log.toggleDebug();
    log.info(`Debug mode ${this.isDebug ? 'on' : 'off'}`);
    this.pool.setDebug(this.isDebug);
  }

  async dispose(): Promise<void> {
    if (this.statisticsTimer !== null) clearInterval(this.statisticsTimer);
    await this.pool.dispose();
    await this.endpoints.close();
    this.readyNotice.withdraw();
    rmSync(this.linkFolder, { recursive: true, force: true });
  }

  private readonly doReload = (): void => {
    if (this.state === 'ready') void this.reloader.reload().then(() => this.scheduleStatistics());
  };

  private readonly doLogStatistics = (): void => {
    void this.endpoints.status.fresh().then((status) => {
      const { log } = this.options;
      for (const [message, fields] of statisticsLines(status)) log.info(message, fields);
      for (const { worker, pid, connections, clients, inPerSecond, rssBytes, cpuPercent } of status.workers ?? []) {
        const rates = { inPerSecond: Math.round(inPerSecond), cpuPercent: Math.round(cpuPercent) };
        log.info('Statistics: worker', { worker, pid, connections: connections.current, clients, ...rates, rssBytes });
      }
    });
  };

  private onceStarted(action: () => void): void {
    if (this.state === 'starting') this.deferred.add(action);
    else action();
  }

  private stopsEarly(): boolean {
    if (this.state === 'draining') this.markStopped();
    return this.state === 'draining';
  }

  private scheduleStatistics(): void {
    if (this.statisticsTimer !== null) clearInterval(this.statisticsTimer);
    const { stats, statsIntervalMs } = this.reloader.config;
    this.statisticsTimer = stats ? setInterval(this.doLogStatistics, statsIntervalMs) : null;
  }
}

/** Limits apply under a supervisor only, as with one process. */
function memoryLimitOf(config: RouterConfig, workers: number): number | null {
  return config.supervised ? workerMemoryLimit(config, workers) : null;
}

/** The cause of a failed start, as the worker reported it. */
function startErrorOf(error: unknown): unknown {
  if (!(error instanceof WorkerStartError) || error.failure === null) return error;
  const { problems, error: cause } = error.failure;
  if (problems.length > 0) return new ConfigurationError(...problems);
  return cause === null ? error : Object.assign(new Error(cause.message), cause);
}

import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Authenticator, SessionTokens } from '../access/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { type ConfigChange, type LoadedConfig, type RouterConfig, trustedProxies } from '../config/index.ts';
import { GrpcServer, type TransportDependencies } from '../grpc/index.ts';
import { openFilesLimit } from '../host/index.ts';
import type { Logger } from '../logging/index.ts';
import type { Listener } from '../net/index.ts';
import { type OpenLog, type ReadyNotice, type Service, startWarnings } from '../process/index.ts';
import { Counters, Liveness, RouterCore } from '../router/index.ts';
import { ApiCounters, type Job, JobGuard } from '../telemetry/index.ts';
import { parseOrigins, WebSocketTransport } from '../websocket/index.ts';
import { ApiEndpoint } from './api-endpoint.ts';
import { type Capabilities, describeCapabilities, internalsOf } from './capabilities.ts';
import { createClusterNode, type WorkerNode } from './cluster-node.ts';
import { clusterStats } from './cluster-stats.ts';
import { limitsOf, systemClock } from './core-dependencies.ts';
import { logInForce } from './describe-security.ts';
import { drain } from './drain.ts';
import { IntervalTask } from './interval-task.ts';
import { MemoryReturn } from './memory-return.ts';
import { Observability } from './observability.ts';
import { Reloader } from './reloader.ts';
import type { SecurityFiles } from './security-files.ts';
import { limitSemiSpaceGrowth, setHeapGrowth } from './v8-tuning.ts';

export interface AppDependencies {
  readonly config: RouterConfig;
  readonly capabilities: Capabilities;
  readonly security: SecurityFiles;
  readonly log: Logger;
  readonly instanceId: string;
  /** Loads the configuration again, for a reload. */
  readonly load: () => LoadedConfig;
  readonly openLog: OpenLog;
  /** Publishes that the router listens; null in a worker, whose parent does. */
  readonly readyNotice: ReadyNotice | null;
  /** Null without workers. */
  readonly worker: WorkerNode | null;
  /** Makes the listener listen, and resolves with its address. */
  readonly listen: (listener: Listener) => Promise<AddressInfo>;
}

const MIN_SWEEP_MS = 50;
const MAX_SWEEP_MS = 1000;
const TIMEOUT_CHECK_MS = 100;
const HEAP_GROWTH_MS = 1000;
const TOKEN_EXPIRY_MS = 1000;
const MEMORY_RETURN_MS = 250;

/** One router process: creates the parts, starts them in order, reloads them, and stops them in reverse order. */
export class RouterApp implements Service {
  /** Resolves when the graceful shutdown is complete. */
  readonly stopped: Promise<void>;
  private readonly log: Logger;
  private readonly auth: Authenticator;
  private readonly core: RouterCore;
  private readonly cluster: Cluster | null;
  readonly server: GrpcServer;
  readonly reloader: Reloader;
  readonly observability: Observability;
  readonly api: ApiEndpoint;
  private readonly tasks: readonly IntervalTask[];
  private readonly deps: AppDependencies;
  private readonly jobs: JobGuard;
  private tlsExpiresAt: number | null;
  private state: 'starting' | 'ready' | 'draining' = 'starting';
  private forced = false;
  /** Actions of signals that arrived during the start. */
  private readonly deferred = new Set<() => void>();
  private markStopped: () => void = () => {};

  constructor(deps: AppDependencies) {
    this.deps = deps;
    this.log = deps.log;
    const { config, security, log } = deps;
    this.stopped = new Promise((resolve) => {
      this.markStopped = resolve;
    });
    const counters = new Counters();
    const apiCounters = new ApiCounters();
    this.jobs = new JobGuard(log);
    this.auth = new Authenticator(security.access, config.authScope, Date.now, security.jwt);
    this.tlsExpiresAt = security.tls?.expiresAt ?? null;
    this.reloader = new Reloader(config, security, {
      log,
      // the environment cannot change, and its warning was logged at the start
      warnings: (next) => startWarnings(next, openFilesLimit(), {}),
      load: deps.load,
      prepare: (next) => this.prepare(next),
      apply: (next, files, changes) => this.apply(next, files, changes),
    });
    this.core = new RouterCore({
      clock: systemClock,
      log,
      counters,
      limits: limitsOf(config),
      newClientId: () => this.cluster?.newClientId() ?? `client_${randomUUID()}`,
      messagesPerSecond: () => this.observability.messagesPerSecond(),
      observer: { clientClosed: (client, reason) => this.observability.clientClosed(client, reason) },
      bindsByCredential: config.authScope === 'call',
      cleanMetadata: (metadata) => this.auth.cleanMetadata(metadata),
      sessionTokens: new SessionTokens(security.sessionKey),
    });
    this.cluster = createClusterNode({
      core: this.core,
      config,
      files: security.cluster,
      log,
      worker: deps.worker,
    });
    this.server = new GrpcServer({
      core: this.core,
      auth: this.auth,
      maxConnections: () => this.config.maxConnections,
      maxConnectionsPerAddress: () => this.config.maxConnectionsPerAddress,
      trustedProxies: config.proxyProtocol ? trustedProxies(config.trustedProxies) : null,
      options: config,
      tls: security.tls,
      internals: internalsOf(this.capabilities),
      createHttp1: config.websocket ? (transport) => this.createWebSocket(transport) : null,
    });
    this.observability = new Observability({
      core: this.core,
      cluster: this.cluster === null ? null : clusterStats(this.cluster, config.cluster !== null),
      api: apiCounters,
      controlApi: (request, response) => this.api.handle(request, response),
      server: this.server,
      log,
      jobs: this.jobs,
      config: () => this.config,
      state: () => this.state,
      reload: () => this.reloader.state,
      certificateExpiresAt: () => this.tlsExpiresAt,
      capabilities: this.capabilities,
      instanceId: deps.instanceId,
    });
    this.api = new ApiEndpoint(
      {
        core: this.core,
        log,
        counters: apiCounters,
        config: () => this.config,
        status: () => this.observability.status(),
        drain: () => this.requestStop(),
      },
      security,
    );
    this.tasks = this.intervalTasks();
  }

  get capabilities(): Capabilities {
    return this.deps.capabilities;
  }

  get config(): RouterConfig {
    return this.reloader.config;
  }

  /** Opens all ports and files, then logs that the router is ready. Rejects when one cannot be opened; call `dispose` then. */
  async start(): Promise<void> {
    const { log, capabilities } = this;
    const { readyNotice, listen } = this.deps;
    // logged at info level only if a capability is missing, since the operator's guide fixes the lines of a start
    log[Object.values(capabilities).every(Boolean) ? 'debug' : 'info'](describeCapabilities(capabilities));
    readyNotice?.check();
    const metricsPort = await this.observability.start();
    const apiAddress = await this.api.start();
    if (apiAddress !== null) this.observability.addAddress(apiAddress);
    if (this.stopsEarly()) return;
    await this.cluster?.start();
    if (this.stopsEarly()) return;
    const address = await this.server.listen(listen);
    if (this.stopsEarly()) return;
    this.observability.setAddress(address);
    for (const task of this.tasks) task.refresh();
    if (capabilities['v8-tuning']) limitSemiSpaceGrowth();
    this.state = 'ready';
    if (readyNotice !== null) logInForce(log, this.reloader.state.inForce);
    readyNotice?.publish(address, metricsPort);
    for (const action of this.deferred) action();
    this.deferred.clear();
  }

  /** Starts a graceful shutdown; the second call stops at once. */
  requestStop(): void {
    if (this.state === 'draining') {
      this.log.warning('Stopping at once');
      this.forced = true;
      return;
    }
    const isStarting = this.state === 'starting';
    this.state = 'draining';
    this.log.info('Stopping', { connections: this.server.connectionCount });
    if (isStarting) return; // start() checks the state
    const { shutdownTimeoutMs } = this.config;
    drain(this.server, this.core, shutdownTimeoutMs, () => this.forced).then(this.markStopped, (error: Error) => {
      this.log.error('Stop failed', { error: error.message });
      this.markStopped();
    });
  }

  /** True when a stop was requested during the start: there are no clients yet, so the router stops at once. */
  private stopsEarly(): boolean {
    if (this.state === 'draining') this.markStopped();
    return this.state === 'draining';
  }

  /** Reloads the configuration: at once, or after the start; not during a shutdown. */
  reload(): void {
    this.onceStarted(this.doReload);
  }

  logStatistics(): void {
    this.onceStarted(this.doLogStatistics);
  }

  private readonly doReload = (): void => {
    if (this.state === 'ready') this.reloader.reload();
  };

  private readonly doLogStatistics = (): void => {
    this.jobs.run('statistics', () => this.observability.logStatistics(), undefined);
  };

  private onceStarted(action: () => void): void {
    if (this.state === 'starting') this.deferred.add(action);
    else action();
  }

  toggleDebug(): void {
    this.log.info(`Debug mode ${this.log.toggleDebug() ? 'on' : 'off'}`);
  }

  /** Releases all resources, in any state. */
  async dispose(): Promise<void> {
    for (const task of this.tasks) task.stop();
    this.server.destroy('shutdown');
    await this.cluster?.stop();
    await this.api.stop();
    await this.observability.stop();
    this.deps.readyNotice?.withdraw();
  }

  private createWebSocket(transport: TransportDependencies): WebSocketTransport {
    return new WebSocketTransport(transport, {
      origins: parseOrigins(this.config.websocketOrigins),
      maxMessageBytes: () => this.core.limits.maxMessageBytes,
      isServing: () => !this.core.draining,
      onConnected: () => {
        this.core.counters.webSocketsTotal++;
      },
    });
  }

  private intervalTasks(): IntervalTask[] {
    const liveness = new Liveness(this.core);
    const memoryReturn = new MemoryReturn();
    const sweepMs = (): number =>
      Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, Math.floor(this.config.writeDeadlineMs / 4)));
    const every = (intervalMs: () => number | null, job: Job, task: () => void): IntervalTask =>
      new IntervalTask(intervalMs, () => this.jobs.run(job, task, undefined));
    const healthCheckMs = (): number | null => (this.config.healthCheck ? this.config.healthCheckIntervalMs : null);
    const statsMs = (): number | null => (this.config.stats ? this.config.statsIntervalMs : null);
    return [
      every(sweepMs, 'sweepSlowReaders', () => this.core.slowConsumers.sweep(systemClock.monotonicMs())),
      every(
        () => TIMEOUT_CHECK_MS,
        'checkTimeouts',
        () => {
          this.server.checkTimeouts();
          this.core.sessions.sweep();
        },
      ),
      every(
        () => TOKEN_EXPIRY_MS,
        'tokenExpiry',
        () => this.server.tokens.endExpired(Date.now()),
      ),
      every(() => (this.capabilities['v8-tuning'] ? HEAP_GROWTH_MS : null), 'heapRoom', setHeapGrowth),
      every(
        () => MEMORY_RETURN_MS,
        'memoryReturn',
        () => memoryReturn.run(this.core.budget.usedBytes),
      ),
      every(healthCheckMs, 'healthCheck', () => liveness.check()),
      every(statsMs, 'statistics', () => this.observability.logStatistics()),
    ];
  }

  /** Reopens the log, which may fail; the result switches to it. */
  private prepare(next: RouterConfig): () => void {
    if (next.logFile === this.config.logFile) {
      this.log.reopen();
      return () => {};
    }
    const destination = this.deps.openLog(next);
    return () => this.log.replaceDestination(destination);
  }

  private apply(next: RouterConfig, files: SecurityFiles, changes: readonly ConfigChange[]): void {
    this.core.limits = limitsOf(next);
    this.log.level = next.logLevel;
    this.auth.replace(files.access, files.jwt);
    this.api.reload(files);
    if (files.tls !== null) this.server.listener.replaceTls(files.tls);
    this.tlsExpiresAt = files.tls?.expiresAt ?? null;
    const revoked = this.server.tokens.afterReload();
    if (revoked > 0) this.log.info('Connections without a valid token closed', { connections: revoked });
    if (changes.some(({ key }) => key === 'max-connections')) {
      const closed = this.server.listener.enforceLimit(next.maxConnections);
      if (closed > 0) this.log.info('Connections beyond the lowered limit closed', { connections: closed });
    }
    setImmediate(() => {
      for (const task of this.tasks) task.refresh();
    });
  }
}

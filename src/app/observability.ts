import type { AddressInfo } from 'node:net';
import {
  type ClientPage,
  type ClientQuery,
  ClientRoutes,
  createRoutes,
  HttpEndpoint,
  listClients,
  type RequestHandler,
  StatusStream,
} from '../admin/index.ts';
import { controlSocketBeside, isLoopback, type RouterConfig, VERSION } from '../config/index.ts';
import type { GrpcServer } from '../grpc/index.ts';
import type { Logger } from '../logging/index.ts';
import type { Client, CloseReason, RouterCore } from '../router/index.ts';
import {
  type ApiCounters,
  ClosedClientsRing,
  type ClusterStats,
  createRegistry,
  type JobGuard,
  MemoryReader,
  type MetricObject,
  metricDefinitions,
  type MetricRegistry as Registry,
  type RouterStatus,
  reportStatus,
  routerStats,
  Sampler,
  statisticsLines,
  type TelemetrySource,
} from '../telemetry/index.ts';
import type { Capabilities } from './capabilities.ts';

export interface ObservabilityDependencies {
  readonly core: RouterCore;
  /** Null without a cluster. */
  readonly cluster: ClusterStats | null;
  readonly api: ApiCounters;
  /** Serves the HTTP API on the control socket. */
  readonly controlApi: RequestHandler;
  readonly server: GrpcServer;
  readonly log: Logger;
  readonly jobs: JobGuard;
  readonly config: () => RouterConfig;
  readonly state: () => RouterStatus['state'];
  readonly reload: () => RouterStatus['reload'];
  readonly certificateExpiresAt: () => number | null;
  readonly instanceId: string;
  readonly capabilities: Capabilities;
}

/** Status document, metrics and statistics of a router, and the endpoints that serve them. */
export class Observability {
  private readonly deps: ObservabilityDependencies;
  private readonly source: TelemetrySource;
  private readonly sampler: Sampler;
  private readonly clients: ClientRoutes;
  private readonly registry: Registry;
  private readonly closed = new ClosedClientsRing();
  private readonly stream = new StatusStream();
  private readonly endpoints: HttpEndpoint[] = [];
  private readonly listening: RouterStatus['listening'][number][] = [];

  constructor(deps: ObservabilityDependencies) {
    this.deps = deps;
    this.source = this.createSource();
    this.clients = new ClientRoutes(
      (query, isWanted) => listClients(deps.core.registry.clients, query, isWanted),
      this.source.showClients,
    );
    this.sampler = new Sampler(this.source, () => this.stream.publish(() => this.status()));
    this.registry = createRegistry(metricDefinitions(this.source, this.sampler));
  }

  /** Opens the configured endpoints; returns the metrics port, or null without one. */
  async start(): Promise<number | null> {
    const { metrics, metricsHost, metricsPort } = this.deps.config();
    this.sampler.start();
    const socketPath = controlSocketPath(this.deps.config());
    if (socketPath !== null) await this.open(false, this.deps.controlApi).listenOnSocket(socketPath);
    if (!metrics) return null;
    const { address, port } = await this.open(isLoopback(metricsHost), null).listen(metricsHost, metricsPort);
    this.listening.push({ purpose: 'metrics', host: address, port });
    this.deps.log.info(`Metrics on http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`);
    return port;
  }

  /** Adds the gRPC address, which is known once the server listens. */
  setAddress({ address, port }: AddressInfo): void {
    this.listening.unshift({ purpose: 'grpc', host: address, port });
  }

  /** Adds the address of another port. */
  addAddress(address: RouterStatus['listening'][number]): void {
    this.listening.push(address);
  }

  /** One page of the clients, as `/api/clients` serves it. */
  listClients(query: ClientQuery): Promise<ClientPage | null> {
    return listClients(this.deps.core.registry.clients, query);
  }

  messagesPerSecond(): number {
    return this.sampler.inPerSecond;
  }

  clientClosed(client: Client, reason: CloseReason): void {
    const at = Date.now();
    this.closed.add({
      at,
      reason,
      connectedMs: Math.max(0, at - client.connectedAt),
      clientId: client.id,
      clientName: client.name,
      address: client.connection.remote,
    });
  }

  logStatistics(): void {
    for (const [message, fields] of statisticsLines(this.status())) this.deps.log.info(message, fields);
  }

  async stop(): Promise<void> {
    this.sampler.stop();
    this.stream.close();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.close()));
  }

  status(): RouterStatus {
    return reportStatus(this.source, this.sampler, this.closed);
  }

  /** All metrics with their values, for a process that renders those of several. */
  metrics(): Promise<MetricObject[]> {
    return this.registry.getMetricsAsJSON();
  }

  private open(onlyLoopbackNames: boolean, api: RequestHandler | null): HttpEndpoint {
    const endpoint = new HttpEndpoint(this.routes(onlyLoopbackNames, api));
    this.endpoints.push(endpoint);
    return endpoint;
  }

  private routes(onlyLoopbackNames: boolean, api: RequestHandler | null): RequestHandler {
    return createRoutes({
      metrics: () => this.registry.metrics(),
      metricsContentType: this.registry.contentType,
      stream: this.stream,
      status: () => this.status(),
      freshStatus: () => this.status(),
      clients: (response) => this.clients.respond(response),
      restart: null,
      api,
      history: () => ({ intervalMs: 1000, series: this.sampler.history.series() }),
      state: this.deps.state,
      degraded: () => this.degraded(),
      onlyLoopbackNames,
    });
  }

  /** Whether the router cannot reach the others, and whether that makes it unready. */
  private degraded(): 'no' | 'ready' | 'unready' {
    const { cluster, config } = this.deps;
    if (cluster === null || cluster.isConnected) return 'no';
    return config().clusterRequired ? 'unready' : 'ready';
  }

  private createSource(): TelemetrySource {
    const {
      core,
      cluster,
      api,
      server,
      log,
      jobs,
      config,
      state,
      reload,
      certificateExpiresAt,
      instanceId,
      capabilities,
    } = this.deps;
    const startedMs = performance.now();
    return {
      router: routerStats(core),
      cluster,
      api,
      jobs,
      memory: new MemoryReader(jobs),
      version: VERSION,
      instanceId,
      startedAt: Date.now(),
      uptimeMs: () => Math.round(performance.now() - startedMs),
      state,
      listening: () => this.listening,
      connections: () => server.connectionCount,
      maxConnections: () => config().maxConnections,
      reload,
      memoryLimitBytes: () => (config().supervised ? config().maxMemory : null),
      logLinesByLevel: () => log.linesByLevel,
      logLinesLost: () => log.linesLost,
      certificateExpiresAt,
      capabilities,
      showClients: () => config().statusPageClients,
    };
  }
}

/** The Unix socket of the commands: as configured, or beside the pid file; null without both. */
function controlSocketPath({ controlSocket, pidFile }: RouterConfig): string | null {
  if (controlSocket !== null) return controlSocket;
  return pidFile === null ? null : controlSocketBeside(pidFile);
}

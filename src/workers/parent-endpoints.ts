import {
  type ClientPage,
  type ClientQuery,
  ClientRoutes,
  createRoutes,
  HttpEndpoint,
  mergeClientPages,
  type RequestHandler,
  StatusStream,
} from '../admin/index.ts';
import { controlSocketBeside, isLoopback, type RouterConfig } from '../config/index.ts';
import type { Logger } from '../logging/index.ts';
import { aggregateMetrics, createRegistry, type MetricRegistry } from '../telemetry/index.ts';
import { isOfWorkers, parentMetrics } from './metrics.ts';
import { ParentApi } from './parent-api.ts';
import { type ParentStatusDependencies, StatusCollector } from './parent-status.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface ParentEndpointsDependencies extends ParentStatusDependencies {
  readonly log: Logger;
  readonly restart: RequestHandler;
}

/** Value of the label `worker` for the metrics of the parent. */
const PARENT_LABEL = 'parent';

/** Control socket and metrics port of a router with several workers. */
export class ParentEndpoints {
  readonly status: StatusCollector;
  private readonly deps: ParentEndpointsDependencies;
  private readonly stream = new StatusStream();
  private readonly clients: ClientRoutes;
  private readonly registry: MetricRegistry;
  private readonly endpoints: HttpEndpoint[] = [];

  constructor(deps: ParentEndpointsDependencies) {
    this.deps = deps;
    this.status = new StatusCollector(deps, () => this.stream.publish(() => this.status.last()));
    this.clients = new ClientRoutes(
      (query) => this.listClients(query),
      () => deps.config().statusPageClients,
    );
    this.registry = createRegistry(parentMetrics(deps.pool, deps.reload));
  }

  /** Opens the configured endpoints; returns the metrics port, or null without one. */
  async open(): Promise<number | null> {
    const config = this.deps.config();
    const { metrics, metricsHost, metricsPort } = config;
    const socketPath = controlSocketPath(config);
    if (socketPath !== null) await this.endpoint(false).listenOnSocket(socketPath);
    if (!metrics) return null;
    const { address, port } = await this.endpoint(true, isLoopback(metricsHost)).listen(metricsHost, metricsPort);
    this.status.listening.push({ purpose: 'metrics', host: address, port });
    this.deps.log.info(`Metrics on http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`);
    return port;
  }

  async close(): Promise<void> {
    this.status.stop();
    this.stream.close();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.close()));
  }

  /** `isPublic`: the metrics port, which only reads. */
  private endpoint(isPublic: boolean, onlyLoopbackNames = false): HttpEndpoint {
    const api = new ParentApi(this.deps.pool);
    const endpoint = new HttpEndpoint(
      createRoutes({
        metrics: () => this.metrics(),
        metricsContentType: this.registry.contentType,
        stream: this.stream,
        status: () => this.status.last(),
        freshStatus: () => this.status.fresh(),
        clients: (response) => this.clients.respond(response),
        history: () => ({ intervalMs: 1000, series: this.status.history.series() }),
        restart: isPublic ? null : this.deps.restart,
        api: isPublic ? null : (request, response) => api.handle(request, response),
        state: this.deps.state,
        degraded: () => this.degraded(),
        onlyLoopbackNames,
      }),
    );
    this.endpoints.push(endpoint);
    return endpoint;
  }

  /** Whether a worker cannot reach the other routers of the cluster, and whether that makes the router unready. */
  private degraded(): 'no' | 'ready' | 'unready' {
    if (this.status.last().cluster?.connected !== false) return 'no';
    return this.deps.config().clusterRequired ? 'unready' : 'ready';
  }

  private async metrics(): Promise<string> {
    const own = { worker: PARENT_LABEL, metrics: await this.registry.getMetricsAsJSON() };
    const others = await Promise.all(
      this.deps.pool.all.map(async (worker) => ({
        worker: labelOf(worker),
        metrics: ((await worker.ask({ kind: 'metrics' })) ?? []).filter(({ name }) => isOfWorkers(name)),
      })),
    );
    return aggregateMetrics([own, ...others]);
  }

  private async listClients(query: ClientQuery): Promise<ClientPage> {
    const wanted = { ...query, offset: 0, limit: query.offset + query.limit };
    const pages = await Promise.all(this.deps.pool.all.map((worker) => worker.ask({ kind: 'clients', query: wanted })));
    return mergeClientPages(
      pages.filter((page) => page !== null),
      query,
    );
  }
}

/** A process that has been replaced exists beside the new one for a while. */
function labelOf({ number, state }: WorkerProcess): string {
  return state === 'draining' ? `${number}-draining` : String(number);
}

/** The Unix socket of the commands: as configured, or beside the pid file; null without both. */
function controlSocketPath({ controlSocket, pidFile }: RouterConfig): string | null {
  if (controlSocket !== null) return controlSocket;
  return pidFile === null ? null : controlSocketBeside(pidFile);
}

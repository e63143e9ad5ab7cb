import { hostname } from 'node:os';
import { type RouterConfig, VERSION } from '../config/index.ts';
import { History, type RouterStatus, type WorkerStatus } from '../telemetry/index.ts';
import { mergeSamples, mergeStatus } from './merge-status.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface ParentStatusDependencies {
  readonly pool: WorkerPool;
  readonly instanceId: string;
  readonly config: () => RouterConfig;
  readonly state: () => RouterStatus['state'];
  readonly reload: () => RouterStatus['reload'];
}

const SAMPLE_MS = 1000;

/** The status of the parent and its workers, and the history that is sampled from it. */
export class StatusCollector {
  readonly history = new History();
  readonly listening: RouterStatus['listening'][number][] = [];
  private readonly deps: ParentStatusDependencies;
  private readonly startedAt = Date.now();
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private cpuMicros = 0;
  private sampledAtMs = performance.now();
  private cpuPercent = 0;

  /** `onSample` is called once a second. */
  constructor(deps: ParentStatusDependencies, onSample: () => void) {
    this.deps = deps;
    this.timer = setInterval(() => {
      this.sample();
      onSample();
    }, SAMPLE_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** From the last beats of the workers. */
  last(): RouterStatus {
    const { all } = this.deps.pool;
    return this.merge(
      all.map(({ status }) => status),
      all,
    );
  }

  /** Asks the workers; one that does not answer in time contributes its last beat. */
  async fresh(timeoutMs?: number): Promise<RouterStatus> {
    const { all } = this.deps.pool;
    return this.merge(
      await Promise.all(all.map(async (worker) => (await askStatus(worker, timeoutMs)) ?? worker.status)),
      all,
    );
  }

  private merge(statuses: readonly (RouterStatus | null)[], workers: readonly WorkerProcess[]): RouterStatus {
    const { config, instanceId, reload, state } = this.deps;
    const { rss, heapUsed, external } = process.memoryUsage();
    const described = workers.map((worker, i) => describe(worker, statuses[i] ?? null));
    return mergeStatus(
      {
        version: VERSION,
        instanceId,
        pid: process.pid,
        clusterLabel: config().cluster === null ? null : (config().clusterNode ?? hostname()),
        state: state(),
        startedAt: this.startedAt,
        uptimeMs: Math.round(performance.now() - this.startedMs),
        listening: this.listening,
        reload: reload(),
        maxConnections: config().maxConnections,
        memoryLimitBytes: config().supervised ? config().maxMemory : null,
        isListed: config().statusPageClients,
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        externalBytes: external,
        cpu: { percent: this.cpuPercent, totalSeconds: cpuMicros() / 1e6 },
        workers: described,
        lastSecond: this.history.last(),
      },
      statuses.filter((status) => status !== null),
    );
  }

  private sample(): void {
    const nowMs = performance.now();
    const micros = cpuMicros();
    this.cpuPercent = (micros - this.cpuMicros) / 10 / Math.max(1, nowMs - this.sampledAtMs);
    this.cpuMicros = micros;
    this.sampledAtMs = nowMs;
    const samples = this.deps.pool.all.flatMap(({ status }) => status?.lastSecond ?? []);
    this.history.add(mergeSamples(samples, process.memoryUsage.rss(), this.cpuPercent));
  }
}

async function askStatus(worker: WorkerProcess, timeoutMs?: number): Promise<RouterStatus | null> {
  if (worker.state !== 'ready' || !worker.isResponsive) return null;
  return worker.ask({ kind: 'status' }, timeoutMs);
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function describe(worker: WorkerProcess, status: RouterStatus | null): WorkerStatus {
  const { number, pid, state, version, startedAtMs, isAccepting, connectionLimit, admitted } = worker;
  const uptimeMs = Math.round(performance.now() - startedAtMs);
  return {
    worker: number,
    pid,
    version,
    state: state === 'ended' ? 'starting' : state,
    startedAt: Date.now() - uptimeMs,
    uptimeMs,
    accepting: isAccepting,
    connections: { current: status?.connections.current ?? admitted, max: connectionLimit },
    clients: status?.clients.current ?? 0,
    inPerSecond: status?.messages.inPerSecond ?? 0,
    outPerSecond: status?.messages.outPerSecond ?? 0,
    latencyP99Ms: status?.latencyMs.p99 ?? 0,
    eventLoopP99Ms: status?.eventLoop.p99Ms ?? 0,
    queueBytes: status?.queues.bytes ?? 0,
    rssBytes: status?.memory.rssBytes ?? 0,
    cpuPercent: status?.cpu.percent ?? 0,
  };
}

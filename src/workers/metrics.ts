import { VERSION } from '../config/index.ts';
import { labelled, type MetricDefinition, type RouterStatus, reloadMetrics, single } from '../telemetry/index.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Metrics that the parent exports in place of the workers. */
const OF_THE_PARENT = /^(rpc_router_reload\w*|process_start_time_seconds)$/;

export function isOfWorkers(name: string): boolean {
  return !OF_THE_PARENT.test(name);
}

/** Start of this process, in milliseconds since the epoch. */
const startedAtMs = performance.timeOrigin;

/** Metrics of the parent process. */
export function parentMetrics(pool: WorkerPool, reload: () => RouterStatus['reload']): MetricDefinition[] {
  return [
    ...workerMetrics(pool),
    {
      name: 'rpc_router_build_info',
      type: 'gauge',
      help: 'Always 1; the labels hold the versions of the router and of Node.js.',
      read: () => [{ labels: { version: VERSION, node: process.version }, value: 1 }],
    },
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'User and system CPU time.',
      read: () => single((process.cpuUsage().user + process.cpuUsage().system) / 1e6),
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      read: () => single(process.memoryUsage.rss()),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start of the process, in seconds since the epoch.',
      read: () => single(startedAtMs / 1000),
    },
    ...reloadMetrics({ reload }),
  ];
}

/** The metrics that only a router with several workers has. */
export function workerMetrics(pool: Pick<WorkerPool, 'restarts' | 'serving' | 'size'>): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_workers',
      type: 'gauge',
      help: 'Worker processes that serve clients (with workers above 1).',
      read: () => single(pool.serving.length),
    },
    {
      name: 'rpc_router_workers_configured',
      type: 'gauge',
      help: 'Worker processes that should serve clients (workers).',
      read: () => single(pool.size),
    },
    {
      name: 'rpc_router_worker_restarts_total',
      type: 'counter',
      help: 'Worker processes started again, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', pool.restarts),
    },
  ];
}

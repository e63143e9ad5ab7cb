import type { MetricDefinition } from './callback-metric.ts';
import { labelled, single } from './callback-metric.ts';
import type { Sampler } from './sampler.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** Process metrics: time, memory, event loop, build. Names without prefix are the usual ones of any process. */
export function processMetrics(source: TelemetrySource, sampler: Sampler): MetricDefinition[] {
  return [
    ...programMetrics(source),
    ...logMetrics(source),
    ...eventLoopMetrics(sampler),
    ...memoryMetrics(source),
    {
      name: 'rpc_router_job_failures_total',
      type: 'counter',
      help: 'Failed periodic jobs and measurements, by job. The router keeps running.',
      labels: ['job'],
      read: () => labelled('job', source.jobs.failures),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start of the process, in seconds since the epoch.',
      read: () => single(source.startedAt / 1000),
    },
  ];
}

function programMetrics(source: TelemetrySource): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_build_info',
      type: 'gauge',
      help: 'Always 1; the labels hold the versions of the router and of Node.js.',
      labels: ['version', 'node'],
      read: () => [{ labels: { version: source.version, node: process.version }, value: 1 }],
    },
    {
      name: 'rpc_router_capability',
      type: 'gauge',
      help: '1 if this undocumented part of Node.js is in use, 0 if the router uses its slower fallback.',
      labels: ['name'],
      read: () =>
        Object.entries(source.capabilities).map(([name, isUsed]) => ({ labels: { name }, value: isUsed ? 1 : 0 })),
    },
    {
      name: 'rpc_router_ready',
      type: 'gauge',
      help: '1 while the router accepts connections, 0 while it starts or drains.',
      read: () => single(source.state() === 'ready' ? 1 : 0),
    },
  ];
}

function logMetrics(source: TelemetrySource): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_log_lines_total',
      type: 'counter',
      help: 'Log lines, by level.',
      labels: ['level'],
      read: () => labelled('level', source.logLinesByLevel()),
    },
    {
      name: 'rpc_router_log_lines_lost_total',
      type: 'counter',
      help: 'Log lines that could not be written.',
      read: () => single(source.logLinesLost()),
    },
  ];
}

function eventLoopMetrics(sampler: Sampler): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_event_loop_delay_seconds',
      type: 'gauge',
      help: 'Event-loop delay over the last minute: median, and p99 and maximum of the worst second.',
      labels: ['statistic'],
      read: () => {
        const { p50Ms, p99Ms, maxMs } = sampler.eventLoopDelay;
        return [
          { labels: { statistic: 'p50' }, value: p50Ms / 1000 },
          { labels: { statistic: 'p99' }, value: p99Ms / 1000 },
          { labels: { statistic: 'max' }, value: maxMs / 1000 },
        ];
      },
    },
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'User and system CPU time.',
      read: () => {
        const { user, system } = process.cpuUsage();
        return single((user + system) / 1e6);
      },
    },
  ];
}

function memoryMetrics(source: TelemetrySource): MetricDefinition[] {
  return [
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      read: () => single(source.memory.rssBytes()),
    },
    {
      name: 'rpc_router_memory_limit_bytes',
      type: 'gauge',
      help: 'Resident memory at which PM2 restarts the daemon (max-memory); absent in the foreground.',
      read: () => {
        const limit = source.memoryLimitBytes();
        return limit === null ? [] : single(limit);
      },
    },
    {
      name: 'process_heap_bytes',
      type: 'gauge',
      help: 'Used JavaScript heap.',
      read: () => single(source.memory.heap().heapUsedBytes),
    },
    {
      name: 'process_external_memory_bytes',
      type: 'gauge',
      help: 'Memory of buffers outside the JavaScript heap.',
      read: () => single(source.memory.heap().externalBytes),
    },
  ];
}

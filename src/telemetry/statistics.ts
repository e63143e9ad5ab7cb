import type { LogFields } from '../logging/index.ts';
import type { RouterStatus } from './status.ts';

const MEGABYTE = 1e6;

/** Log lines of `--stats` and SIGUSR1, one per topic. */
export function statisticsLines(status: RouterStatus): readonly (readonly [string, LogFields])[] {
  return [
    ['Statistics: clients', clientFields(status)],
    ['Statistics: messages', messageFields(status)],
    ['Statistics: errors', errorFields(status)],
    ['Statistics: process', processFields(status)],
  ];
}

function clientFields({ uptimeMs, connections, clients }: RouterStatus): LogFields {
  return {
    uptime: duration(uptimeMs),
    connections: connections.current,
    connectionsTotal: connections.total,
    connectionsMax: connections.max,
    clients: clients.current,
    clientsTotal: clients.total,
    ...clients.byStatus,
  };
}

function messageFields({ messages, latencyMs }: RouterStatus): LogFields {
  return {
    ...prefixed('in', messages.inByType),
    inPerSecond: round(messages.inPerSecond),
    outPerSecond: round(messages.outPerSecond),
    bytesIn: messages.bytesIn,
    bytesOut: messages.bytesOut,
    latencyP50Ms: round(latencyMs.p50),
    latencyP99Ms: round(latencyMs.p99),
  };
}

function errorFields({ messages, connections, queues, authFailures }: RouterStatus): LogFields {
  return {
    ...messages.dropped,
    ...prefixed('refused', connections.refused),
    authFailures,
    slowReaders: queues.slowReaders,
    queueBytes: queues.bytes,
  };
}

function processFields({ memory, cpu, eventLoop }: RouterStatus): LogFields {
  return {
    memoryMB: round(memory.rssBytes / MEGABYTE),
    heapMB: round(memory.heapUsedBytes / MEGABYTE),
    cpuPercent: round(cpu.percent),
    eventLoopP99Ms: round(eventLoop.p99Ms),
    eventLoopMaxMs: round(eventLoop.maxMs),
  };
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  const name = (key: string): string => prefix + key.charAt(0).toUpperCase() + key.slice(1);
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [name(key), count]));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** `01:23:45`; hours may exceed 99. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

import type { HistorySample, RouterStatus } from '../telemetry/index.ts';
import { mergeCluster } from './merge-cluster.ts';

/** Facts that only the parent has. */
export type ParentStatus = Pick<
  RouterStatus,
  'instanceId' | 'version' | 'state' | 'startedAt' | 'uptimeMs' | 'listening' | 'reload' | 'lastSecond' | 'workers'
> & {
  readonly pid: number;
  /** Name of this router in the cluster; null without one. */
  readonly clusterLabel: string | null;
  readonly maxConnections: number;
  readonly memoryLimitBytes: number | null;
  readonly isListed: boolean;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly cpu: RouterStatus['cpu'];
};

const MAX_CLOSED = 50;
const MAX_GROUPS = 50;

/** The status of a router with several workers: sums, and the worst value of latencies and delays. */
export function mergeStatus(parent: ParentStatus, parts: readonly RouterStatus[]): RouterStatus {
  const { pid, clusterLabel, maxConnections, memoryLimitBytes, isListed, ...facts } = parent;
  const { rssBytes, heapUsedBytes, externalBytes, cpu, ...own } = facts;
  const clusters = parts.flatMap(({ cluster }) => cluster ?? []);
  const cluster = clusterLabel === null ? null : mergeCluster(clusterLabel, clusters);
  const sum = (value: (part: RouterStatus) => number): number => total(parts.map(value));
  const max = (value: (part: RouterStatus) => number): number => Math.max(0, ...parts.map(value));
  const counts = (value: (part: RouterStatus) => Readonly<Record<string, number>>): Record<string, number> =>
    sumCounts(parts.map(value));
  return {
    name: 'rpc-dart-router',
    ...own,
    pid,
    node: process.version,
    capabilities: parts[0]?.capabilities ?? {},
    connections: {
      current: sum(({ connections }) => connections.current),
      total: sum(({ connections }) => connections.total),
      max: maxConnections,
      refused: counts(({ connections }) => connections.refused),
    },
    clients: {
      current: sum(({ clients }) => clients.current),
      total: sum(({ clients }) => clients.total),
      byStatus: counts(({ clients }) => clients.byStatus),
      byGroup: mergeGroups(parts),
      listed: isListed,
    },
    messages: mergeMessages(parts),
    latencyMs: {
      p50: max(({ latencyMs }) => latencyMs.p50),
      p95: max(({ latencyMs }) => latencyMs.p95),
      p99: max(({ latencyMs }) => latencyMs.p99),
    },
    queues: {
      bytes: sum(({ queues }) => queues.bytes),
      slowReaders: sum(({ queues }) => queues.slowReaders),
    },
    sessions: sumCounts(parts.map(({ sessions }) => sessions)) as RouterStatus['sessions'],
    ...(cluster !== null && { cluster }),
    authFailures: sum(({ authFailures }) => authFailures),
    recentlyClosed: parts
      .flatMap(({ recentlyClosed }) => recentlyClosed)
      .sort((a, b) => b.at - a.at)
      .slice(0, MAX_CLOSED),
    eventLoop: {
      p50Ms: max(({ eventLoop }) => eventLoop.p50Ms),
      p99Ms: max(({ eventLoop }) => eventLoop.p99Ms),
      maxMs: max(({ eventLoop }) => eventLoop.maxMs),
    },
    memory: {
      rssBytes: rssBytes + sum(({ memory }) => memory.rssBytes),
      heapUsedBytes: heapUsedBytes + sum(({ memory }) => memory.heapUsedBytes),
      externalBytes: externalBytes + sum(({ memory }) => memory.externalBytes),
      limitBytes: memoryLimitBytes,
    },
    cpu: {
      percent: cpu.percent + sum(({ cpu }) => cpu.percent),
      totalSeconds: cpu.totalSeconds + sum(({ cpu }) => cpu.totalSeconds),
    },
  };
}

function mergeMessages(parts: readonly RouterStatus[]): RouterStatus['messages'] {
  const all = parts.map(({ messages }) => messages);
  return {
    inByType: sumCounts(all.map(({ inByType }) => inByType)),
    outByType: sumCounts(all.map(({ outByType }) => outByType)),
    bytesIn: total(all.map(({ bytesIn }) => bytesIn)),
    bytesOut: total(all.map(({ bytesOut }) => bytesOut)),
    inPerSecond: total(all.map(({ inPerSecond }) => inPerSecond)),
    outPerSecond: total(all.map(({ outPerSecond }) => outPerSecond)),
    inPerSecondByType: sumCounts(all.map(({ inPerSecondByType }) => inPerSecondByType)),
    dropped: sumCounts(all.map(({ dropped }) => dropped)),
  };
}

function mergeGroups(parts: readonly RouterStatus[]): RouterStatus['clients']['byGroup'] {
  const members = sumCounts(
    parts.map(({ clients }) => Object.fromEntries(clients.byGroup.map(({ group, members }) => [group, members]))),
  );
  return Object.entries(members)
    .map(([group, count]) => ({ group, members: count }))
    .sort((a, b) => b.members - a.members)
    .slice(0, MAX_GROUPS);
}

/** The sample of one second of all workers. */
export function mergeSamples(samples: readonly HistorySample[], rssBytes: number, cpuPercent: number): HistorySample {
  const sum = (key: keyof HistorySample): number => total(samples.map((sample) => sample[key]));
  const max = (key: keyof HistorySample): number => Math.max(0, ...samples.map((sample) => sample[key]));
  return {
    at: Date.now(),
    connections: sum('connections'),
    clients: sum('clients'),
    inPerSecond: sum('inPerSecond'),
    outPerSecond: sum('outPerSecond'),
    droppedPerSecond: sum('droppedPerSecond'),
    latencyP50Ms: max('latencyP50Ms'),
    latencyP95Ms: max('latencyP95Ms'),
    latencyP99Ms: max('latencyP99Ms'),
    queueBytes: sum('queueBytes'),
    eventLoopMaxMs: max('eventLoopMaxMs'),
    rssBytes: rssBytes + sum('rssBytes'),
    cpuPercent: cpuPercent + sum('cpuPercent'),
  };
}

function sumCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  // without a prototype: group names come from clients
  const sums: Record<string, number> = Object.create(null);
  for (const counts of all) {
    for (const [key, count] of Object.entries(counts)) sums[key] = (sums[key] ?? 0) + count;
  }
  return sums;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

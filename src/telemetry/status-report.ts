import { CLIENT_STATUSES } from '../router/index.ts';
import { MESSAGE_TYPES } from '../wire/index.ts';
import type { ClosedClientsRing } from './closed-clients-ring.ts';
import { clusterStatus } from './cluster-stats.ts';
import type { RouterStats } from './router-stats.ts';
import type { Sampler } from './sampler.ts';
import type { RouterStatus } from './status.ts';
import type { TelemetrySource } from './telemetry-source.ts';

const MAX_GROUPS_SHOWN = 50;

/** Builds the document of `/api/status`. */
export function reportStatus(source: TelemetrySource, sampler: Sampler, closed: ClosedClientsRing): RouterStatus {
  const { router } = source;
  const { counters } = router;
  return {
    name: 'rpc-dart-router',
    version: source.version,
    instanceId: source.instanceId,
    pid: process.pid,
    node: process.version,
    capabilities: source.capabilities,
    state: source.state(),
    startedAt: source.startedAt,
    uptimeMs: source.uptimeMs(),
    listening: source.listening(),
    connections: connections(source),
    clients: clients(source),
    messages: messages(source, sampler),
    latencyMs: sampler.latencyMs(),
    queues: { bytes: router.heldBytes, slowReaders: counters.slowReaders },
    sessions: sessions(router),
    ...(source.cluster !== null && { cluster: clusterStatus(source.cluster) }),
    authFailures: counters.authFailures,
    recentlyClosed: closed.list(source.showClients()),
    reload: source.reload(),
    eventLoop: sampler.eventLoopDelay,
    memory: memory(source),
    cpu: { percent: sampler.cpuPercent, totalSeconds: cpuSeconds() },
    lastSecond: sampler.history.last(),
  };
}

function connections(source: TelemetrySource): RouterStatus['connections'] {
  const { counters } = source.router;
  return {
    current: source.connections(),
    total: counters.connectionsTotal,
    max: source.maxConnections(),
    refused: nonZero(counters.refused),
  };
}

function clients(source: TelemetrySource): RouterStatus['clients'] {
  const { router } = source;
  return {
    current: router.clients.size,
    total: router.counters.clientsTotal,
    byStatus: clientsByStatus(source),
    byGroup: largestGroups(router.groups),
    listed: source.showClients(),
  };
}

function sessions({ sessions: { count, awayCount }, counters }: RouterStats): RouterStatus['sessions'] {
  return {
    current: count,
    away: awayCount,
    resumed: counters.sessionsResumed,
    expired: counters.sessionsExpired,
    messagesReplayed: counters.sessionMessagesReplayed,
    messagesLost: counters.sessionMessagesLost,
  };
}

function messages(source: TelemetrySource, sampler: Sampler): RouterStatus['messages'] {
  const { counters } = source.router;
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  return {
    inByType: byType(counters.messagesInByType),
    outByType: byType(counters.messagesOutByType),
    bytesIn: total(counters.bytesInByType),
    bytesOut: total(counters.bytesOutByType),
    inPerSecond: sampler.inPerSecond,
    outPerSecond: sampler.outPerSecond,
    inPerSecondByType: sampler.inPerSecondByType,
    dropped: nonZero(counters.dropped),
  };
}

function clientsByStatus(source: TelemetrySource): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(CLIENT_STATUSES.map((status) => [status, 0]));
  for (const client of source.router.clients.values()) counts[client.status] = (counts[client.status] ?? 0) + 1;
  return counts;
}

/** The largest groups, by insertion instead of a full sort: there may be hundreds of thousands of groups. */
function largestGroups(groups: RouterStats['groups']): RouterStatus['clients']['byGroup'] {
  const largest: { group: string; members: number }[] = [];
  for (const [group, { size: members }] of groups) {
    if (largest.length === MAX_GROUPS_SHOWN && members <= (largest.at(-1)?.members ?? 0)) continue;
    const place = largest.findIndex((other) => other.members < members);
    largest.splice(place < 0 ? largest.length : place, 0, { group, members });
    if (largest.length > MAX_GROUPS_SHOWN) largest.pop();
  }
  return largest;
}

function byType(values: Float64Array): Record<string, number> {
  return nonZero(Object.fromEntries(MESSAGE_TYPES.map((type, i) => [type, values[i] ?? 0])));
}

function nonZero(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function memory(source: TelemetrySource): RouterStatus['memory'] {
  return { ...source.memory.all(), limitBytes: source.memoryLimitBytes() };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

import { labelled, type MetricDefinition, type MetricValue, single } from './callback-metric.ts';
import type { ClusterStats, NodeStats } from './cluster-stats.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** The nodes of a cluster; without values in a router on its own. */
export function clusterMetrics({ cluster }: TelemetrySource): MetricDefinition[] {
  const read: ReadStats = (values) => (cluster === null ? () => [] : () => values(cluster));
  return [...nodeMetrics(read), ...linkMetrics(read), ...delayMetrics(read)];
}

/** The reader of a metric; returns no values without a cluster. */
type ReadStats = (values: (stats: ClusterStats) => readonly MetricValue[]) => () => readonly MetricValue[];

function nodeMetrics(read: ReadStats): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_cluster_connected',
      type: 'gauge',
      help: '1 while the router is connected to NATS, else 0; absent without NATS.',
      read: read(({ usesNats, isConnected }) => (usesNats ? single(isConnected ? 1 : 0) : [])),
    },
    {
      name: 'rpc_router_cluster_nodes',
      type: 'gauge',
      help: 'Other routers, by state: joining, up, suspect (silent for 2.5 s).',
      labels: ['state'],
      read: read((stats) => {
        const counts: Record<string, number> = { joining: 0, up: 0, suspect: 0 };
        for (const { state } of stats.nodes()) counts[state] = (counts[state] ?? 0) + 1;
        return labelled('state', counts);
      }),
    },
    {
      name: 'rpc_router_cluster_remote_clients',
      type: 'gauge',
      help: 'Clients of other routers.',
      read: read((stats) => single(sum(stats.nodes(), ({ clients }) => clients))),
    },
  ];
}

function linkMetrics(read: ReadStats): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_cluster_messages_total',
      type: 'counter',
      help: 'Messages of clients sent to and received from other routers.',
      labels: ['direction'],
      read: read((stats) => {
        const { messagesIn, messagesOut } = stats.totals();
        return labelled('direction', { in: messagesIn, out: messagesOut });
      }),
    },
    {
      name: 'rpc_router_cluster_bytes_total',
      type: 'counter',
      help: 'Bytes sent to and received from other routers.',
      labels: ['direction'],
      read: read((stats) => {
        const { bytesIn, bytesOut } = stats.totals();
        return labelled('direction', { in: bytesIn, out: bytesOut });
      }),
    },
    {
      name: 'rpc_router_cluster_unacknowledged_bytes',
      type: 'gauge',
      help: 'Bytes sent to other routers that they have not acknowledged.',
      read: read((stats) => single(sum(stats.nodes(), ({ unacknowledgedBytes }) => unacknowledgedBytes))),
    },
  ];
}

function delayMetrics(read: ReadStats): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_cluster_lag_seconds',
      type: 'gauge',
      help: 'Longest time that a router has acknowledged nothing while something was unacknowledged.',
      read: read((stats) => single(Math.max(0, ...stats.nodes().map(({ lagMs }) => lagMs)) / 1000)),
    },
    {
      name: 'rpc_router_cluster_clock_offset_seconds',
      type: 'gauge',
      help: 'Largest difference between the clock of another router and this one.',
      read: read((stats) =>
        single(Math.max(0, ...stats.nodes().map(({ clockOffsetMs }) => Math.abs(clockOffsetMs))) / 1000),
      ),
    },
    {
      name: 'rpc_router_cluster_problems_total',
      type: 'counter',
      help: 'Problems between routers, by kind: see docs/cluster.md.',
      labels: ['kind'],
      read: read((stats) => labelled('kind', stats.problems())),
    },
  ];
}

function sum(nodes: readonly NodeStats[], value: (node: NodeStats) => number): number {
  return nodes.reduce((total, node) => total + value(node), 0);
}

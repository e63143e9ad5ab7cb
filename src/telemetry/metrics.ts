import { Registry } from 'prom-client';
import { UNARY_METHOD_NAMES } from '../rpc/index.ts';
import {
  histogramValues,
  labelled,
  type MetricDefinition,
  type MetricValue,
  registerCallbackMetric,
  single,
} from './callback-metric.ts';
import { apiMetrics } from './metrics-api.ts';
import { clusterMetrics } from './metrics-cluster.ts';
import { processMetrics } from './metrics-process.ts';
import { sessionMetrics } from './metrics-sessions.ts';
import { trafficMetrics } from './metrics-traffic.ts';
import type { Sampler } from './sampler.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/**
 * All metrics of the router. Label values come from closed sets: never a client, a group or an address. `docs/metrics.md` is
 * generated from this list.
 */
export function metricDefinitions(source: TelemetrySource, sampler: Sampler): MetricDefinition[] {
  return [
    ...connectionMetrics(source),
    ...securityMetrics(source),
    ...clientMetrics(source),
    ...streamMetrics(source),
    ...trafficMetrics(source),
    ...sessionMetrics(source),
    ...clusterMetrics(source),
    ...callMetrics(source),
    ...apiMetrics(source),
    ...reloadMetrics(source),
    ...processMetrics(source, sampler),
  ];
}

/** One registry per router instead of prom-client's global one, so that tests can create several. */
export function createRegistry(definitions: readonly MetricDefinition[]): Registry {
  const registry = new Registry();
  for (const definition of definitions) registerCallbackMetric(registry, definition);
  return registry;
}

function connectionMetrics(source: TelemetrySource): MetricDefinition[] {
  const { counters } = source.router;
  return [
    {
      name: 'rpc_router_connections',
      type: 'gauge',
      help: 'Open TCP connections.',
      read: () => single(source.connections()),
    },
    {
      name: 'rpc_router_connections_max',
      type: 'gauge',
      help: 'Limit of open TCP connections (max-connections).',
      read: () => single(source.maxConnections()),
    },
    {
      name: 'rpc_router_connections_total',
      type: 'counter',
      help: 'TCP connections accepted since the start.',
      read: () => single(counters.connectionsTotal),
    },
    {
      name: 'rpc_router_connections_refused_total',
      type: 'counter',
      help: 'TCP connections refused, or closed before their first call, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', counters.refused),
    },
  ];
}

function securityMetrics(source: TelemetrySource): MetricDefinition[] {
  const { counters } = source.router;
  return [
    {
      name: 'rpc_router_auth_failures_total',
      type: 'counter',
      help: 'Calls and registrations without a valid token.',
      read: () => single(counters.authFailures),
    },
    {
      name: 'rpc_router_logins_refused_total',
      type: 'counter',
      help: 'Calls and registrations without a valid token, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', counters.loginFailures),
    },
    {
      name: 'rpc_router_forbidden_total',
      type: 'counter',
      help: 'Operations refused because the role of the client does not allow them, by the missing permission.',
      labels: ['permission'],
      read: () => labelled('permission', counters.forbidden),
    },
    {
      name: 'rpc_router_certificate_expiry_timestamp_seconds',
      type: 'gauge',
      help: 'Expiry of the TLS certificate, in seconds since the epoch; absent without TLS.',
      read: () => {
        const at = source.certificateExpiresAt();
        return at === null ? [] : single(at / 1000);
      },
    },
  ];
}

function clientMetrics(source: TelemetrySource): MetricDefinition[] {
  const { router } = source;
  return [
    {
      name: 'rpc_router_clients',
      type: 'gauge',
      help: 'Registered clients.',
      read: () => single(router.clients.size),
    },
    {
      name: 'rpc_router_clients_total',
      type: 'counter',
      help: 'Clients registered since the start.',
      read: () => single(router.counters.clientsTotal),
    },
    {
      name: 'rpc_router_clients_closed_total',
      type: 'counter',
      help: 'Clients removed, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', router.counters.closed),
    },
  ];
}

function streamMetrics({ router }: TelemetrySource): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_groups',
      type: 'gauge',
      help: 'Groups with at least one member.',
      read: () => single(router.groups.size),
    },
    {
      name: 'rpc_router_streams',
      type: 'gauge',
      help: 'Open p2p and event streams.',
      read: () => single(router.streamCount),
    },
    {
      name: 'rpc_router_event_subscribers',
      type: 'gauge',
      help: 'Open event streams.',
      read: () => single(router.eventSubscriberCount),
    },
  ];
}

function callMetrics(source: TelemetrySource): MetricDefinition[] {
  const { counters } = source.router;
  const duration = 'rpc_router_call_duration_seconds';
  const calls = (): MetricValue[] =>
    [...counters.calls].flatMap(([method, byStatus]) =>
      [...byStatus].map(([code, value]) => ({ labels: { method, code }, value })),
    );
  return [
    {
      name: 'rpc_router_calls_total',
      type: 'counter',
      help: 'Finished gRPC calls, by method and status code.',
      labels: ['method', 'code'],
      read: calls,
    },
    {
      name: duration,
      type: 'histogram',
      help: 'Duration of unary calls, by method.',
      labels: ['method', 'le'],
      read: () =>
        UNARY_METHOD_NAMES.flatMap((method) => histogramValues(duration, counters.durationsOf(method), { method })),
    },
  ];
}

/** Metrics of reloads; also used by the parent of several workers. */
export function reloadMetrics(source: Pick<TelemetrySource, 'reload'>): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_reloads_total',
      type: 'counter',
      help: 'Configuration reloads, refused ones included.',
      read: () => single(source.reload().count),
    },
    {
      name: 'rpc_router_reload_last_success',
      type: 'gauge',
      help: '0 when the last reload was refused, else 1.',
      read: () => single(source.reload().outcome === 'refused' ? 0 : 1),
    },
    {
      name: 'rpc_router_reload_last_timestamp_seconds',
      type: 'gauge',
      help: 'Time of the last reload, in seconds since the epoch; 0 before the first one.',
      read: () => single((source.reload().lastAt ?? 0) / 1000),
    },
  ];
}

import { histogramValues, labelled, type MetricDefinition, single } from './callback-metric.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** Metrics of the HTTP API; all zero without --api. */
export function apiMetrics({ api }: TelemetrySource): MetricDefinition[] {
  return [
    {
      name: 'rpc_router_api_requests_total',
      type: 'counter',
      help: 'Answered requests to the HTTP API, by class of status: 2xx, 4xx (faults of the caller) and 5xx (no response of a client in time, or a fault of the router).',
      labels: ['status'],
      read: () => labelled('status', api.requests),
    },
    {
      name: 'rpc_router_api_login_failures_total',
      type: 'counter',
      help: 'Requests to the HTTP API without a valid token, or refused after too many of them.',
      read: () => single(api.loginFailures),
    },
    {
      name: 'rpc_router_api_request_duration_seconds',
      type: 'histogram',
      help: 'Time to answer a request to the HTTP API; those that wait for a client or stream events are not observed.',
      read: () => histogramValues('rpc_router_api_request_duration_seconds', api.latency),
    },
    {
      name: 'rpc_router_api_event_streams',
      type: 'gauge',
      help: 'Open streams of server-sent events of the HTTP API.',
      read: () => single(api.eventStreams),
    },
  ];
}

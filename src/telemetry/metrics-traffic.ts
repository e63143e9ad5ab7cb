import { MESSAGE_TYPES } from '../wire/index.ts';
import { histogramValues, labelled, type MetricDefinition, type MetricValue, single } from './callback-metric.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** Messages in and out, drops, routing latency, queues and backpressure. */
export function trafficMetrics(source: TelemetrySource): MetricDefinition[] {
  return [...messageMetrics(source), ...routingMetrics(source), ...queueMetrics(source)];
}

function messageMetrics({ router: { counters } }: TelemetrySource): MetricDefinition[] {
  const byType = (values: Float64Array): MetricValue[] =>
    MESSAGE_TYPES.map((type, i) => ({ labels: { type }, value: values[i] ?? 0 }));
  return [
    {
      name: 'rpc_router_messages_in_total',
      type: 'counter',
      help: 'Messages received on p2p streams, by type.',
      labels: ['type'],
      read: () => byType(counters.messagesInByType),
    },
    {
      name: 'rpc_router_bytes_in_total',
      type: 'counter',
      help: 'Bytes of messages received on p2p streams, without framing, by type.',
      labels: ['type'],
      read: () => byType(counters.bytesInByType),
    },
    {
      name: 'rpc_router_messages_out_total',
      type: 'counter',
      help: 'Message copies queued to receivers, by type. A broadcast to 100 clients counts 100.',
      labels: ['type'],
      read: () => byType(counters.messagesOutByType),
    },
    {
      name: 'rpc_router_bytes_out_total',
      type: 'counter',
      help: 'Bytes of message copies queued to receivers, without framing, by type.',
      labels: ['type'],
      read: () => byType(counters.bytesOutByType),
    },
  ];
}

function routingMetrics({ router }: TelemetrySource): MetricDefinition[] {
  const { counters } = router;
  const latency = 'rpc_router_routing_latency_seconds';
  return [
    {
      name: 'rpc_router_events_out_total',
      type: 'counter',
      help: 'Events queued to subscribers.',
      read: () => single(router.eventsSent),
    },
    {
      name: 'rpc_router_messages_dropped_total',
      type: 'counter',
      help: 'Dropped messages, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', counters.dropped),
    },
    {
      name: latency,
      type: 'histogram',
      help: 'Time from reading a message to queueing it for its receivers.',
      labels: ['le'],
      read: () => histogramValues(latency, counters.routingLatency),
    },
  ];
}

function queueMetrics({ router }: TelemetrySource): MetricDefinition[] {
  const { counters } = router;
  return [
    {
      name: 'rpc_router_send_queue_bytes',
      type: 'gauge',
      help: 'Bytes held for all clients: send queues and partially received messages.',
      read: () => single(router.heldBytes),
    },
    {
      name: 'rpc_router_slow_readers_total',
      type: 'counter',
      help: 'Slow consumers disconnected.',
      read: () => single(counters.slowReaders),
    },
    {
      name: 'rpc_router_senders_paused_total',
      type: 'counter',
      help: 'Times a sender was paused by backpressure.',
      read: () => single(counters.sendersPaused),
    },
  ];
}

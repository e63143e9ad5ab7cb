import { MESSAGE_TYPES } from '../wire/index.ts';
import { histogramValues, labelled, type MetricDefinition, type MetricValue, single } from './callback-metric.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** Messages in and out, what became of them, and how long it took. */
export function trafficMetrics(source: TelemetrySource): MetricDefinition[] {
  const { core } = source;
  const { counters } = core;
  const byType = (values: Float64Array): MetricValue[] =>
    MESSAGE_TYPES.map((type, i) => ({ labels: { type }, value: values[i] ?? 0 }));
  const latency = 'rpc_router_routing_latency_seconds';
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
      help: 'Bytes of messages received, without framing, by type.',
      labels: ['type'],
      read: () => byType(counters.bytesInByType),
    },
    {
      name: 'rpc_router_messages_out_total',
      type: 'counter',
      help: 'Deliveries: copies queued to receivers, by type. A broadcast to 100 counts 100.',
      labels: ['type'],
      read: () => byType(counters.messagesOutByType),
    },
    {
      name: 'rpc_router_bytes_out_total',
      type: 'counter',
      help: 'Bytes of messages queued to receivers, without framing, by type.',
      labels: ['type'],
      read: () => byType(counters.bytesOutByType),
    },
    {
      name: 'rpc_router_events_out_total',
      type: 'counter',
      help: 'Events queued to subscribers.',
      read: () => single(core.events.sent),
    },
    {
      name: 'rpc_router_messages_dropped_total',
      type: 'counter',
      help: 'Messages that reached nobody, by reason.',
      labels: ['reason'],
      read: () => labelled('reason', counters.dropped),
    },
    {
      name: latency,
      type: 'histogram',
      help: 'From bytes read to bytes queued for the receiver.',
      labels: ['le'],
      read: () => histogramValues(latency, counters.routingLatency),
    },
    {
      name: 'rpc_router_send_queue_bytes',
      type: 'gauge',
      help: 'Bytes held for all clients: waiting to be sent, or half received.',
      read: () => single(core.heldBytes),
    },
    {
      name: 'rpc_router_slow_readers_total',
      type: 'counter',
      help: 'Clients disconnected because they did not read fast enough.',
      read: () => single(counters.slowReaders),
    },
    {
      name: 'rpc_router_senders_paused_total',
      type: 'counter',
      help: 'Times that a sender was not read on until deliveries that waited were written.',
      read: () => single(counters.sendersPaused),
    },
  ];
}

import { labelled, type MetricDefinition, single } from './callback-metric.ts';
import type { TelemetrySource } from './telemetry-source.ts';

/** Sessions that outlive their connections. */
export function sessionMetrics(source: TelemetrySource): MetricDefinition[] {
  const { sessions, counters } = source.router;
  return [
    {
      name: 'rpc_router_sessions',
      type: 'gauge',
      help: 'Sessions, by state: attached to a p2p stream, or away.',
      labels: ['state'],
      read: () => {
        const away = sessions.awayCount;
        return labelled('state', { attached: sessions.count - away, away });
      },
    },
    {
      name: 'rpc_router_sessions_resumed_total',
      type: 'counter',
      help: 'Sessions resumed after a lost connection.',
      read: () => single(counters.sessionsResumed),
    },
    {
      name: 'rpc_router_sessions_expired_total',
      type: 'counter',
      help: 'Sessions whose client did not return within session-window.',
      read: () => single(counters.sessionsExpired),
    },
    {
      name: 'rpc_router_session_messages_replayed_total',
      type: 'counter',
      help: 'Unacknowledged messages sent again after a resume.',
      read: () => single(counters.sessionMessagesReplayed),
    },
    {
      name: 'rpc_router_session_messages_lost_total',
      type: 'counter',
      help: 'Messages lost because session-buffer-bytes or max-buffer-bytes was used up.',
      read: () => single(counters.sessionMessagesLost),
    },
  ];
}

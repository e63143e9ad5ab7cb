import type { Counters, RouterCore } from '../router/index.ts';

/** The counters that telemetry reads. */
export type CounterStats = Readonly<
  Pick<
    Counters,
    | 'messagesInByType'
    | 'bytesInByType'
    | 'messagesOutByType'
    | 'bytesOutByType'
    | 'dropped'
    | 'closed'
    | 'refused'
    | 'connectionsTotal'
    | 'clientsTotal'
    | 'slowReaders'
    | 'sendersPaused'
    | 'authFailures'
    | 'loginFailures'
    | 'forbidden'
    | 'sessionsResumed'
    | 'sessionsExpired'
    | 'sessionMessagesReplayed'
    | 'sessionMessagesLost'
    | 'routingLatency'
    | 'calls'
    | 'durationsOf'
  >
>;

/** Read-only view of the router core: all that metrics, status and sampler need of it. */
export interface RouterStats {
  readonly counters: CounterStats;
  /** Registered clients by id. */
  readonly clients: ReadonlyMap<string, { readonly status: string }>;
  readonly groups: ReadonlyMap<string, { readonly size: number }>;
  /** Open p2p and event streams. */
  readonly streamCount: number;
  readonly eventSubscriberCount: number;
  /** Events queued to subscribers since the start. */
  readonly eventsSent: number;
  /** Bytes held for all clients: unsent, or of partially received messages. */
  readonly heldBytes: number;
  /** `count` of all sessions, `awayCount` of those without a p2p stream. */
  readonly sessions: { readonly count: number; readonly awayCount: number };
}

export function routerStats(core: RouterCore): RouterStats {
  return {
    counters: core.counters,
    clients: core.registry.clients,
    groups: core.registry.groups,
    sessions: core.sessions,
    get streamCount() {
      return core.streams.size;
    },
    get eventSubscriberCount() {
      return core.events.subscribers.size;
    },
    get eventsSent() {
      return core.events.sent;
    },
    get heldBytes() {
      return core.heldBytes;
    },
  };
}

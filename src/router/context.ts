import type { ForwardedMessage, MessageScanner } from '../wire/index.ts';
import type { Client, ListedClient, RouterConnection } from './client.ts';
import type { CloseReason, Counters } from './counters.ts';
import type { SlowReason } from './delivery/flush-queue.ts';
import type { Flusher } from './delivery/flusher.ts';
import type { MemoryBudget } from './delivery/memory-budget.ts';
import type { QueuedStream } from './delivery/slow-consumers.ts';
import type { TickClock } from './delivery/tick-clock.ts';
import type { EventHub } from './events.ts';
import type { Identity } from './identity.ts';
import type { Clock, EndStatus, Limits, RouterLog } from './interfaces.ts';
import type { Peers } from './peers.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { Registry } from './registry.ts';
import type { Sessions } from './sessions/sessions.ts';

/** An open p2p or `events` stream. */
export interface OpenStream extends QueuedStream {
  readonly connection: RouterConnection;
  /** The principal of the call that opened it. */
  readonly identity: Identity;
  readonly client: Client | null;
  end(status: EndStatus, details: string): void;
  /** The stream is closed, by either side. */
  closed(): void;
}

/** The router as used by sessions, message handlers and periodic checks. RouterCore implements it. */
export interface RouterContext {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly limits: Limits;
  readonly registry: Registry;
  readonly events: EventHub;
  readonly pending: PendingRequests;
  readonly sessions: Sessions;
  readonly tick: TickClock;
  readonly flusher: Flusher;
  readonly budget: MemoryBudget;
  readonly streams: Set<OpenStream>;
  readonly draining: boolean;
  /** The other nodes of the cluster; null without one. */
  readonly peers: Peers | null;
  /** Sender of the operator's messages and requests: no registered client, but responses reach it. Null until the first. */
  readonly operator: Client | null;
  /** Both are reused for every message: see MessageScanner and ForwardedMessage. */
  readonly header: MessageScanner;
  readonly forwarded: ForwardedMessage;
  /** True when a p2p stream on `connection` that was opened by `identity` may attach to `client`. */
  mayAttach(client: Client, connection: RouterConnection, identity: Identity): boolean;
  /** True if several clients may share `connection`, so that it cannot identify a client. */
  cannotIdentify(connection: RouterConnection): boolean;
  /** Reason why `connection` may not carry another client, or null. */
  refusalOf(connection: RouterConnection): string | null;
  /** The clients of all nodes. */
  listedClients(): Iterable<ListedClient>;
  /** The p2p stream of `client` is closed; the client stays registered and may open another. */
  onDetached(client: Client): void;
  updateMetadata(client: Client, metadata: Buffer): void;
  updateGroups(client: Client, groups: readonly string[]): void;
  /** Unregisters `client`. The caller ends its stream. */
  remove(client: Client, reason: CloseReason, text?: string): void;
  /** Disconnects a stream whose consumer is too slow. */
  disconnectSlow(stream: OpenStream, reason: SlowReason): void;
}

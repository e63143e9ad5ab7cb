import { encode, ForwardedMessage, type Framing, MessageScanner, mapWith, Raw } from '../wire/index.ts';
import {
  Client,
  type ClientObserver,
  type ClientProfile,
  type ClientStream,
  type ListedClient,
  type RouterConnection,
} from './client.ts';
import type { OpenStream, RouterContext } from './context.ts';
import type { CloseReason, Counters } from './counters.ts';
import type { SlowReason } from './delivery/flush-queue.ts';
import { Flusher } from './delivery/flusher.ts';
import { MemoryBudget } from './delivery/memory-budget.ts';
import { SlowConsumers } from './delivery/slow-consumers.ts';
import { TickClock } from './delivery/tick-clock.ts';
import { EventHub } from './events.ts';
import type { Identity } from './identity.ts';
import type { Clock, Limits, RouterLog } from './interfaces.ts';
import { closeReasonText } from './messages.ts';
import type { Peers } from './peers.ts';
import { PendingRequests } from './pending-requests.ts';
import { Registry } from './registry.ts';
import { Session } from './session.ts';
import type { SessionTokenCodec } from './sessions/session-answer.ts';
import { Sessions } from './sessions/sessions.ts';
import { countsByType, type RouterStatistics, sumStatistics } from './statistics.ts';
import { type StreamOptions, Subscription } from './subscription.ts';
import { UnansweredRequests } from './unanswered-requests.ts';

export interface RouterDependencies {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly limits: Limits;
  /** Makes a client id: `client_` and a random UUID. */
  readonly newClientId: () => string;
  /** Messages per second, averaged over the last seconds. */
  readonly messagesPerSecond: () => number;
  readonly observer: ClientObserver;
  /** Removes secrets, such as a token, from a metadata map. Returns bytes that may be kept. */
  readonly cleanMetadata: (metadata: Buffer) => Buffer;
  /** Whether an id belongs to the token that registered it, instead of to the connection. */
  readonly bindsByCredential: boolean;
  readonly sessionTokens: SessionTokenCodec;
}

/** Close reasons of a connection that a session outlives. */
const SURVIVED: ReadonlySet<CloseReason> = new Set([
  'connectionLost',
  'slowReaderBytes',
  'slowReaderDeadline',
  'memoryPressure',
  'tokenExpired',
]);

/** The state of one router, and the lifecycle of clients. Session and the handlers process messages. */
export class RouterCore implements RouterContext {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly registry = new Registry();
  readonly events = new EventHub();
  readonly budget: MemoryBudget;
  readonly tick: TickClock;
  readonly flusher: Flusher;
  readonly pending: PendingRequests;
  readonly unanswered: UnansweredRequests;
  readonly slowConsumers: SlowConsumers;
  readonly sessions: Sessions;
  readonly streams = new Set<OpenStream>();
  readonly header = new MessageScanner();
  readonly forwarded = new ForwardedMessage();
  draining = false;
  peers: Peers | null = null;
  operator: Client | null = null;
  private readonly deps: RouterDependencies;
  private currentLimits: Limits;

  constructor(deps: RouterDependencies) {
    this.deps = deps;
    this.clock = deps.clock;
    this.log = deps.log;
    this.counters = deps.counters;
    this.currentLimits = deps.limits;
    this.budget = new MemoryBudget(deps.limits.maxBufferBytes);
    this.slowConsumers = new SlowConsumers({ streams: this.streams, budget: this.budget, limits: () => this.limits });
    this.sessions = new Sessions(this, deps.sessionTokens);
    this.tick = new TickClock(deps.clock, deps.counters);
    this.flusher = new Flusher(deps.clock, this.budget, (queue) => this.slowConsumers.check(queue));
    this.pending = new PendingRequests(deps.clock, (request) => this.unanswered.timedOut(request));
    this.unanswered = new UnansweredRequests(this);
  }

  get limits(): Limits {
    return this.currentLimits;
  }

  set limits(limits: Limits) {
    this.currentLimits = limits;
    this.budget.limitBytes = limits.maxBufferBytes;
  }

  /** Bytes held for all clients: unsent, or of partially received messages. */
  get heldBytes(): number {
    return this.budget.usedBytes + this.flusher.waitingBytes;
  }

  /** Reason to refuse another client on `connection`; null if one more is admitted. */
  refusalOf(connection: RouterConnection): string | null {
    const limit = this.limits.maxClientsPerConnection;
    if (connection.clients.size < limit) return null;
    this.log.warnOnce('clients-per-connection', 'Registration refused', { limit, remote: connection.remote });
    return `Too many clients on one connection: at most ${limit}`;
  }

  /** Registers a client on `connection`, with the id `formerId` that it had before a restart of the router, if any. */
  register(
    connection: RouterConnection,
    profile: ClientProfile,
    identity: Identity,
    formerId: string | null = null,
  ): Client {
    const { clock } = this;
    const client = new Client(
      formerId ?? this.deps.newClientId(),
      connection,
      profile,
      clock.now(),
      clock.monotonicMs(),
    );
    client.identity = identity;
    this.registry.add(client);
    this.counters.clientsTotal++;
    this.log.info('Client registered', { client: client.id, name: client.name, remote: connection.remote });
    this.events.publish('clientConnected', client.connectedAt, () => ({
      clientId: client.id,
      clientName: client.name ?? undefined,
      capabilities: client.groups.length > 0 ? client.groups : undefined,
    }));
    this.peers?.registered(client);
    return client;
  }

  /** Opens a p2p stream, not attached to a client yet. */
  openSession(options: StreamOptions): Session {
    const session = new Session(this, options);
    this.streams.add(session);
    return session;
  }

  /** Creates the sender of the operator's messages, with an id that the other nodes can answer. */
  createOperator(stream: ClientStream): Client {
    const { clock } = this;
    const connection = { clients: new Set<Client>(), remote: 'operator', proxyHeader: null };
    const profile = { name: null, groups: [], metadata: encode({}) };
    const client = new Client(this.deps.newClientId(), connection, profile, clock.now(), clock.monotonicMs());
    client.stream = stream;
    this.operator = client;
    return client;
  }

  /** Opens an `events` stream; its first event is always `routerStats`. */
  subscribe(options: StreamOptions, framing: Framing): Subscription {
    const subscription = new Subscription(this, options, framing);
    this.streams.add(subscription);
    this.events.subscribers.add(subscription);
    this.events.publishTo(subscription, 'routerStats', this.clock.now(), this.statistics());
    return subscription;
  }

  onDetached(client: Client): void {
    if (client.durable !== null) {
      this.sessions.streamLost(client);
      return;
    }
    client.stream = null;
    client.unboundSinceMs = this.clock.monotonicMs();
    this.registry.attached.delete(client);
    this.unanswered.clientGone(client);
    this.peers?.detached(client);
    // deferred: a closing connection removes the client in the same tick
    if ((this.events.hasListeners || this.peers !== null) && !this.draining)
      this.clock.atTickEnd(() => this.publishDisconnecting(client));
  }

  /** Replaces the metadata of `client`. */
  updateMetadata(client: Client, given: Buffer): void {
    const metadata = this.deps.cleanMetadata(given);
    client.metadata = metadata;
    this.events.publish('clientCapabilitiesUpdated', this.clock.now(), () => ({
      clientId: client.id,
      metadata: new Raw(metadata),
    }));
    this.peers?.changed(client, 'metadata');
  }

  mayAttach(client: Client, connection: RouterConnection, { principal }: Identity): boolean {
    if (!this.deps.bindsByCredential) return client.connection === connection;
    return principal !== '' && client.identity.principal === principal;
  }

  cannotIdentify(connection: RouterConnection): boolean {
    return connection.proxyHeader !== null && !this.deps.bindsByCredential;
  }

  /** The connection is closed: removes every client on it, except those whose session outlives it. */
  connectionClosed(connection: RouterConnection, reason: CloseReason): void {
    for (const client of [...connection.clients]) this.loseOrRemove(client, reason);
  }

  /** Replaces the groups of `client`. */
  updateGroups(client: Client, groups: readonly string[]): void {
    this.registry.setGroups(client, groups);
    this.events.publish('clientCapabilitiesUpdated', this.clock.now(), () => ({
      clientId: client.id,
      metadata: new Raw(client.metadata),
      capabilities: groups,
    }));
    this.peers?.changed(client, 'groups');
  }

  remove(client: Client, reason: CloseReason, text = closeReasonText(reason)): void {
    if (client.removed) return;
    client.removed = true;
    client.setStatus('offline');
    const { stream } = client;
    client.stream = null;
    if (stream !== null) stream.client = null;
    this.registry.remove(client);
    this.unanswered.clientGone(client);
    if (client.durable !== null) this.sessions.close(client);
    this.counters.closed[reason]++;
    this.log.info('Client disconnected', { client: client.id, name: client.name, reason: text });
    this.deps.observer.clientClosed(client, reason);
    this.events.publish('clientDisconnected', this.clock.now(), () => ({ clientId: client.id, reason: text }));
    this.peers?.removed(client, text);
  }

  disconnectSlow(stream: OpenStream, reason: SlowReason): void {
    const { client, connection, queue, transport } = stream;
    const unsentBytes = queue.bytes;
    this.counters.slowReaders++;
    this.log.warnOnce(`slow-reader-${client?.id ?? connection.remote}`, 'Slow reader disconnected', {
      client: client?.id ?? null,
      remote: connection.remote,
      reason: closeReasonText(reason),
      unsentBytes,
    });
    if (client !== null) this.loseOrRemove(client, reason);
    stream.closed();
    transport.abort(reason);
  }

  private loseOrRemove(client: Client, reason: CloseReason): void {
    if (client.durable !== null && SURVIVED.has(reason) && !this.draining) this.sessions.connectionLost(client);
    else this.remove(client, reason);
  }

  /** Warns every subscriber: the last event before a shutdown. */
  publishHealthWarning(warning: string, severity: string): void {
    this.events.publish('healthWarning', this.clock.now(), () => ({ warning, severity }));
  }

  /** The statistics of this node. */
  localStatistics(): RouterStatistics {
    return {
      activeClients: this.registry.clients.size,
      messagesPerSecond: Math.round(this.deps.messagesPerSecond()),
      messageTypeCounts: countsByType(this.counters),
    };
  }

  /** The statistics of all nodes. */
  statistics(): RouterStatistics {
    const own = this.localStatistics();
    return this.peers === null ? own : sumStatistics([own, ...this.peers.statistics()]);
  }

  listedClients(): Iterable<ListedClient> {
    const own = this.registry.clients.values();
    return this.peers === null ? own : concat(own, this.peers.listedClients());
  }

  /** Announces that `client` has no p2p stream any more, unless it was removed or has opened another one. */
  private publishDisconnecting(client: Client): void {
    if (client.removed || client.stream !== null) return;
    this.events.publish('clientCapabilitiesUpdated', this.clock.now(), () => ({
      clientId: client.id,
      metadata: new Raw(mapWith(client.metadata, { _lastSeen: client.lastActivity, _status: 'disconnecting' })),
    }));
    this.peers?.disconnecting(client);
  }
}

function* concat<T>(first: Iterable<T>, second: Iterable<T>): Iterable<T> {
  yield* first;
  yield* second;
}

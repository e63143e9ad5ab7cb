import { ForwardedMessage, MessageScanner, Raw } from '../wire/index.ts';
import { Client, type ClientProfile } from './client.ts';
import { type CloseReason, type Counters, MESSAGE_TYPES } from './counters.ts';
import { Flusher } from './delivery/flusher.ts';
import { MemoryBudget } from './delivery/memory-budget.ts';
import { SlowConsumers } from './delivery/slow-consumers.ts';
import { TickClock } from './delivery/tick-clock.ts';
import { EventHub } from './event-hub.ts';
import { HalfReceived } from './half-received.ts';
import type { ClientObserver, Clock, Limits, RouterConnection, RouterLog, StreamTransport } from './interfaces.ts';
import { closeReasonText, failedResponse, TEXT } from './messages.ts';
import { type PendingRequest, PendingRequests } from './pending-requests.ts';
import { Registry } from './registry.ts';
import { Session } from './session.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

export interface RouterDependencies {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly limits: Limits;
  /** A new client id; `client_` and a random UUID. */
  readonly newClientId: () => string;
  /** Messages per second, averaged over the last seconds. */
  readonly messagesPerSecond: () => number;
  readonly observer: ClientObserver;
  /** Whether an id belongs to the token that registered it, instead of to the connection. */
  readonly bindsByCredential: boolean;
  /** Takes out of a metadata map what is nobody's business, such as a token. Returns bytes that may be kept. */
  readonly cleanMetadata: (metadata: Buffer) => Buffer;
}

/** The state of one router and what happens to clients as a whole. Messages are handled by Session and routing.ts. */
export class RouterCore {
  readonly clock: Clock;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly registry = new Registry();
  readonly events = new EventHub();
  readonly budget: MemoryBudget;
  readonly halfReceived = new HalfReceived(this);
  readonly turn: TickClock;
  readonly flusher: Flusher;
  readonly pending: PendingRequests;
  readonly slowConsumers: SlowConsumers;
  /** Open streams of either kind. */
  readonly streams = new Set<Session | Subscription>();
  /** Reused for every message: see MessageScanner and ForwardedMessage. */
  readonly scanner = new MessageScanner();
  readonly forwarded = new ForwardedMessage();
  draining = false;
  private readonly deps: RouterDependencies;
  private currentLimits: Limits;

  constructor(deps: RouterDependencies) {
    this.deps = deps;
    this.clock = deps.clock;
    this.log = deps.log;
    this.counters = deps.counters;
    this.currentLimits = deps.limits;
    this.budget = new MemoryBudget(deps.limits.maxBufferBytes);
    this.slowConsumers = new SlowConsumers(this);
    this.turn = new TickClock(deps.clock, deps.counters);
    this.flusher = new Flusher(deps.clock, this.budget, (queue) => this.slowConsumers.check(queue));
    this.pending = new PendingRequests(deps.clock, (request) => this.requestTimedOut(request));
  }

  get limits(): Limits {
    return this.currentLimits;
  }

  set limits(limits: Limits) {
    this.currentLimits = limits;
    this.budget.limitBytes = limits.maxBufferBytes;
  }

  /** Bytes held for all clients: waiting to be sent, or half received. */
  get heldBytes(): number {
    return this.budget.usedBytes + this.flusher.waitingBytes;
  }

  /** Registers a client on `connection`; returns it, or why it is refused. */
  register(connection: RouterConnection, profile: ClientProfile, credential: string): Client | string {
    const limit = this.limits.maxClientsPerConnection;
    if (connection.clients.size >= limit) {
      this.log.warnOnce('clients-per-connection', 'Registration refused', { limit, remote: connection.remote });
      return `Too many clients on one connection: at most ${limit}`;
    }
    const { clock } = this;
    const client = new Client(this.deps.newClientId(), connection, profile, clock.now(), clock.monotonicMs());
    client.credential = credential;
    this.registry.add(client);
    this.counters.clientsTotal++;
    this.log.info('Client registered', { client: client.id, name: client.name, remote: connection.remote });
    this.events.publish('clientConnected', client.connectedAt, () => ({
      clientId: client.id,
      clientName: client.name ?? undefined,
      capabilities: client.groups.length > 0 ? client.groups : undefined,
    }));
    return client;
  }

  /** Opens a p2p stream, not bound to anybody yet. */
  openStream(connection: RouterConnection, outlet: StreamTransport, credential: string): Session {
    const stream = new Session(this, connection, outlet, credential);
    this.streams.add(stream);
    return stream;
  }

  /** Opens an `events` stream; its first event is always `routerStats`. */
  subscribe(options: SubscriptionOptions): Subscription {
    const subscription = new Subscription(this, options);
    this.streams.add(subscription);
    this.events.subscribers.add(subscription);
    this.events.publishTo(subscription, 'routerStats', this.clock.now(), this.statistics());
    return subscription;
  }

  /** The p2p stream of `client` is gone; the client may come back with another. */
  onDetached(client: Client): void {
    client.stream = null;
    client.unboundSinceMs = this.clock.monotonicMs();
    this.registry.attached.delete(client);
    this.settleRequests(client);
  }

  /** Replaces the metadata of `client`. */
  updateMetadata(client: Client, given: Buffer): void {
    const metadata = this.deps.cleanMetadata(given);
    client.metadata = metadata;
    this.events.publish('clientCapabilitiesUpdated', this.clock.now(), () => ({
      clientId: client.id,
      metadata: new Raw(metadata),
    }));
  }

  /** True when a p2p stream on `connection` that was opened with `credential` may bind to `client`. */
  mayBind(client: Client, connection: RouterConnection, credential: string): boolean {
    if (!this.deps.bindsByCredential) return client.connection === connection;
    return credential !== '' && client.credential === credential;
  }

  /** True when requests of several clients may come on `connection`, so that it identifies none of them. */
  cannotIdentify(connection: RouterConnection): boolean {
    return connection.proxyHeader !== null && !this.deps.bindsByCredential;
  }

  /** The connection is gone, and every client on it at once. */
  connectionClosed(connection: RouterConnection, reason: CloseReason): void {
    for (const client of [...connection.clients]) this.remove(client, reason);
  }

  /** Removes `client` from all lists and answers those who wait for it. Its stream is the caller's to end. */
  remove(client: Client, reason: CloseReason): void {
    if (client.removed) return;
    client.removed = true;
    client.setStatus('offline');
    const { stream } = client;
    client.stream = null;
    if (stream !== null) stream.client = null;
    this.registry.remove(client);
    this.settleRequests(client);
    this.counters.closed[reason]++;
    const text = closeReasonText(reason);
    this.log.info('Client disconnected', { client: client.id, name: client.name, reason: text });
    this.deps.observer.clientClosed(client, reason);
    this.events.publish('clientDisconnected', this.clock.now(), () => ({ clientId: client.id, reason: text }));
  }

  /** Warns every subscriber; the last thing they hear before a stop. */
  publishHealthWarning(warning: string, severity: string): void {
    this.events.publish('healthWarning', this.clock.now(), () => ({ warning, severity }));
  }

  statistics(): { activeClients: number; messagesPerSecond: number; messageTypeCounts: Record<string, number> } {
    const messageTypeCounts: Record<string, number> = { total: 0 };
    MESSAGE_TYPES.forEach((type, index) => {
      const count = this.counters.messagesInByType[index] as number;
      if (count > 0) messageTypeCounts[type] = count;
      messageTypeCounts.total = (messageTypeCounts.total as number) + count;
    });
    return {
      activeClients: this.registry.clients.size,
      messagesPerSecond: Math.round(this.deps.messagesPerSecond()),
      messageTypeCounts,
    };
  }

  /** Nobody will answer what `client` was asked, and nobody waits for what it asked. */
  private settleRequests(client: Client): void {
    for (const request of this.pending.settleAll(client)) {
      this.counters.dropped.targetDisconnected++;
      this.failRequest(request, TEXT.notFound(client.id));
    }
  }

  private requestTimedOut(request: PendingRequest): void {
    this.counters.dropped.requestTimeout++;
    this.failRequest(request, TEXT.requestTimeout);
  }

  private failRequest(request: PendingRequest, text: string): void {
    const { requester, requestIdItem } = request;
    requester.stream?.send(failedResponse(requester.id, requestIdItem, text, this.clock.now()));
  }
}

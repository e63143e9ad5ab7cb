/// <reference lib="esnext.disposable" preserve="true" />
// applications with an older lib get the declaration of Symbol.asyncDispose
import { AsyncQueue } from './async-queue.ts';
import { callUnary } from './calls.ts';
import type { ClientEvents, ClientState, StateChange } from './client-events.ts';
import type { Registration } from './connection.ts';
import { Connector } from './connector.ts';
import { Emitter } from './emitter.ts';
import { abortError, asRouterError, RouterError } from './errors.ts';
import { EventStream } from './event-stream.ts';
import { Incoming, type RequestHandler } from './incoming.ts';
import type { Link } from './link.ts';
import { type ClientInfo, clientInfoOf, type Message, type RouterEvent, type WireMessage } from './messages.ts';
import type { CallOptions, ResolvedOptions } from './options.ts';
import { Profile } from './profile.ts';
import { PendingRequests } from './requests.ts';
import { Sender } from './sender.ts';
import { Session } from './session.ts';
import type { TransportFactory } from './transport.ts';
import { checkPayload, encodeMap, type Payload, type Value } from './values.ts';

/** A client of the router. Made by `connect`. */
export class RouterClient {
  private readonly options: ResolvedOptions;
  private readonly emitter = new Emitter<ClientEvents>();
  private readonly session = new Session();
  private readonly sender: Sender;
  private readonly requests = new PendingRequests();
  private readonly connector: Connector;
  private readonly eventStream: EventStream;
  private readonly incoming: Incoming;
  private readonly queues = new Set<{ end(): void }>();
  private readonly profile: Profile;
  private currentState: ClientState = 'connecting';
  private wasResumed = false;
  private firstOnline: { resolve(): void; reject(error: RouterError): void } | null = null;

  /** @internal */
  constructor(url: URL, factory: TransportFactory, options: ResolvedOptions) {
    this.options = options;
    this.profile = new Profile(
      { groups: new Set(options.groups), metadata: options.metadata },
      {
        send: (message) => this.post(message),
        isAcknowledged: () => this.session.isKept,
      },
    );
    this.eventStream = new EventStream((event) => this.emitter.emit('event', event));
    const { emitter, requests } = this;
    this.sender = new Sender(options.bufferBytes, this.session, {
      link: () => this.connector.link,
      onDrain: () => emitter.emit('drain', undefined),
    });
    this.incoming = new Incoming({
      emitter,
      requests,
      post: (message) => this.post(message),
      onRefused: (messageId, error) => this.profile.refuse(messageId, error),
    });
    this.connector = new Connector(url, factory, options, this.session, {
      profile: () => ({ name: options.name, ...this.profile.offer() }),
      onRegistered: (registration, resumed) => this.registered(registration, resumed),
      onOnline: (link) => this.online(link),
      onMessage: (message) => this.incoming.receive(message),
      onAcknowledged: (received) => this.sender.acknowledge(received),
      onLost: () => {},
      onAway: (error) => this.away(error),
      onRefused: (error) => this.profile.revert(error),
      onGivenUp: (error) => this.shut(error),
    });
  }

  /** @internal Connects; resolves once online. */
  start(): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError(signal));
        return;
      }
      this.firstOnline = { resolve, reject };
      signal?.addEventListener('abort', () => this.shut(abortError(signal)), { once: true });
      void this.connector.attempt();
    });
  }

  /** The id that other clients send to. It stays the same while the session goes on. */
  get id(): string {
    return this.session.clientId ?? '';
  }

  get state(): ClientState {
    return this.currentState;
  }

  get groups(): readonly string[] {
    return [...this.profile.current.groups];
  }

  /** Bytes of messages that the router has not acknowledged; without a session: that are not written to the network. */
  get bufferedBytes(): number {
    return this.sender.bufferedBytes;
  }

  /** Calls `listener` for each `event` from now on; the result stops that. */
  on<Name extends keyof ClientEvents>(event: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    const off = this.emitter.on(event, listener);
    if (event === 'event') this.eventStream.want(this.connector.link?.transport ?? null);
    return off;
  }

  /** The messages from now on, as an async iterator that ends when the client is closed. */
  messages(): AsyncIterableIterator<Message> {
    return this.iterate('message');
  }

  /** The router's events from now on, as an async iterator that ends when the client is closed. */
  events(): AsyncIterableIterator<RouterEvent> {
    return this.iterate('event');
  }

  /**
   * Sends `payload` to the client `targetId`. Resolves when the router has received it (without a session: when it is
   * written). Delivery is not confirmed: a target that is gone is reported by the `error` event. Use `request` to be sure.
   */
  send(targetId: string, payload: Payload): Promise<void> {
    return this.post({ type: 'unicast', targetId, payload });
  }

  /** Sends to the members of a group, but not to oneself. */
  multicast(groupName: string, payload: Payload): Promise<void> {
    return this.post({ type: 'multicast', groupName, payload });
  }

  /** Sends to all other clients. */
  broadcast(payload: Payload): Promise<void> {
    return this.post({ type: 'broadcast', payload });
  }

  /**
   * Sends a request and resolves with the payload of the response. Rejects with a RouterError: `timeout`, `not-found`,
   * `remote` (the other client answered with an error), `aborted`, `session-lost`, `closed`.
   */
  async request(targetId: string, payload: Payload, options: CallOptions = {}): Promise<Record<string, Value>> {
    const timeoutMs = options.timeoutMs ?? this.options.timeoutMs;
    const requestId = this.requests.newId();
    const response = this.requests.wait(requestId, timeoutMs, options.signal);
    this.post({ type: 'request', targetId, payload: { ...payload, requestId, timeoutMs } }).catch((error: unknown) =>
      this.requests.fail(requestId, asRouterError(error, 'unreachable')),
    );
    return response;
  }

  /** Answers the requests of other clients. Without a handler they are refused. The result removes it. */
  onRequest(handler: RequestHandler): () => void {
    this.incoming.requestHandler = handler;
    return () => {
      if (this.incoming.requestHandler === handler) this.incoming.requestHandler = null;
    };
  }

  /** The clients that are online. `groups` matches any, `metadata` matches when every given entry equals the client's. */
  async clients(
    filter: { readonly groups?: readonly string[]; readonly metadata?: Payload } & CallOptions = {},
  ): Promise<ClientInfo[]> {
    const answer = await this.call('getOnlineClients', { groups: filter.groups, metadata: filter.metadata }, filter);
    return Array.isArray(answer.clients) ? answer.clients.map(clientInfoOf) : [];
  }

  /** The round trip to the router, in milliseconds. */
  async ping(options: CallOptions = {}): Promise<number> {
    const start = performance.now();
    await this.call('ping', { v: Date.now() }, options);
    return performance.now() - start;
  }

  /** Joins groups. Rejects when the router refuses. */
  join(...groups: readonly string[]): Promise<void> {
    return this.profile.join(groups);
  }

  /** Leaves groups. */
  leave(...groups: readonly string[]): Promise<void> {
    return this.profile.leave(groups);
  }

  /** Replaces the metadata that other clients see. Rejects when the router refuses. */
  updateMetadata(metadata: Payload): Promise<void> {
    return this.profile.setMetadata(metadata);
  }

  /** Tells the client that the network may have changed: it reconnects at once, or checks its connection. */
  networkChanged(): void {
    if (this.currentState !== 'closed') this.connector.networkChanged();
  }

  /**
   * Ends the session in good order: waits until the router has acknowledged all messages (without a session: until they are
   * written), at most `timeoutMs` (default 2,000), then closes. The remaining messages are rejected with `closed`.
   */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.currentState === 'closed') return;
    const deadline = performance.now() + (options.timeoutMs ?? 2000);
    // the answer acknowledges what the router has received
    if (this.session.isKept && !this.sender.isEmpty) this.connector.link?.probeNow();
    while (this.currentState === 'online' && !this.sender.isEmpty && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.shut(new RouterError('closed', 'The client was closed'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private post(message: WireMessage): Promise<void> {
    if (this.currentState === 'closed') return Promise.reject(new RouterError('closed', 'The client is closed'));
    let body: Uint8Array;
    try {
      if (message.payload !== undefined) checkPayload(message.payload);
      body = encodeMap({ ...message, senderId: this.id, timestamp: Date.now() });
    } catch (error) {
      return Promise.reject(error);
    }
    return this.sender.send(body);
  }

  private call(method: string, request: Payload, options: CallOptions): Promise<Record<string, Value>> {
    const { link } = this.connector;
    if (link === null) {
      const code = this.currentState === 'closed' ? 'closed' : 'unreachable';
      return Promise.reject(new RouterError(code, 'Not connected to the router'));
    }
    const timeoutMs = options.timeoutMs ?? this.options.timeoutMs;
    return callUnary(link.transport, method, request, { timeoutMs, signal: options.signal });
  }

  private registered({ session }: Registration, resumed: boolean): void {
    this.wasResumed = resumed;
    this.profile.accept();
    if (resumed && this.sender.resume(session?.received ?? 0)) {
      if (session !== null && session.lost > 0) this.emitter.emit('lost', session.lost);
      return;
    }
    this.sender.restart();
    this.requests.failAll(new RouterError('session-lost', 'The session ended before the response came'));
  }

  private online(link: Link): void {
    this.sender.flush();
    this.eventStream.reopen(link.transport);
    this.setState({ state: 'online', reason: null, resumed: this.wasResumed });
    this.firstOnline?.resolve();
    this.firstOnline = null;
  }

  private away(error: RouterError): void {
    this.sender.lost(error);
    if (this.firstOnline !== null && !this.options.waitOnFirstConnect) this.shut(error);
    else if (this.firstOnline === null) this.setState({ state: 'away', reason: error, resumed: false });
  }

  /** Closes for good. */
  private shut(error: RouterError): void {
    if (this.currentState === 'closed') return;
    const { link } = this.connector;
    this.connector.stop();
    this.connector.link = null;
    link?.end();
    const closed =
      error.code === 'closed'
        ? error
        : new RouterError('closed', `The client is closed: ${error.message}`, { cause: error });
    this.sender.fail(closed);
    this.requests.failAll(closed);
    this.setState({ state: 'closed', reason: error, resumed: false });
    for (const queue of [...this.queues]) queue.end();
    this.firstOnline?.reject(error);
    this.firstOnline = null;
  }

  private setState(change: StateChange): void {
    this.currentState = change.state;
    this.emitter.emit('state', change);
  }

  private iterate<Name extends 'message' | 'event'>(name: Name): AsyncIterableIterator<ClientEvents[Name]> {
    const queue: AsyncQueue<ClientEvents[Name]> = new AsyncQueue(() => {
      off();
      this.queues.delete(queue);
    });
    const off = this.on(name, (value) => queue.push(value));
    this.queues.add(queue);
    if (this.currentState === 'closed') queue.end();
    return queue;
  }
}

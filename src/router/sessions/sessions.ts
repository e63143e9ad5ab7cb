import type { Client, ClientProfile, DeliveryQueue, RouterConnection } from '../client.ts';
import type { Counters } from '../counters.ts';
import type { MemoryBudget } from '../delivery/memory-budget.ts';
import { type Identity, mayTakeOver, ownerOf } from '../identity.ts';
import type { Clock, Limits, RouterLog } from '../interfaces.ts';
import { type Refusal, TEXT } from '../messages.ts';
import type { Peers } from '../peers.ts';
import type { Registry } from '../registry.ts';
import { type AttachedStream, DurableSession, type DurableSessionOwner } from './durable-session.ts';
import { IssuedTokens } from './issued-tokens.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import type { SessionAnswer, SessionTokenCodec } from './session-answer.ts';
import { SessionMemory } from './session-memory.ts';

/** The part of the router that sessions use. */
export interface SessionsContext {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly log: RouterLog;
  readonly registry: Registry;
  readonly budget: MemoryBudget;
  readonly peers: Peers | null;
  remove(client: Client, reason: 'sessionExpired'): void;
}

/** How long a token can restore the id of a client after the router was restarted. */
const TOKEN_LIFETIME_MS = 30 * 24 * 3_600_000;

/** Memory of a client that is away: client, session and map entries, without metadata and kept messages. */
const AWAY_BYTES = 2048;
/** Removals per sweep: each publishes an event. */
const MAX_EXPIRED_PER_SWEEP = 1000;

/** A session and its tokens. */
interface SessionState {
  readonly session: DurableSession;
  readonly tokens: IssuedTokens;
  /** Reserved while the client is away. */
  awayBytes: number;
  /** The client has stated how many messages it has received, and no stream has been attached since. */
  isCountKnown: boolean;
}

/** Sessions that outlive their connections. Holds no timer: call `sweep` every 100 ms. */
export class Sessions implements DurableSessionOwner {
  readonly budget: SessionMemory;
  private readonly context: SessionsContext;
  private readonly codec: SessionTokenCodec;
  private readonly states = new Map<Client, SessionState>();
  /** Sessions without an attached stream, the first to expire first. */
  private readonly waiting = new Set<SessionState>();
  private due: DurableSession[] = [];
  /** Holds the clients whose connection is closed. */
  private readonly away: RouterConnection = { clients: new Set(), remote: 'away', proxyHeader: null };

  constructor(context: SessionsContext, codec: SessionTokenCodec) {
    this.context = context;
    this.codec = codec;
    this.budget = new SessionMemory(context.budget, () => this.keptMessages());
  }

  get isEnabled(): boolean {
    return this.context.limits.sessionWindowMs > 0;
  }

  get count(): number {
    return this.states.size;
  }

  /** Sessions without an attached stream. */
  get awayCount(): number {
    return this.waiting.size;
  }

  /** The id that a token of an earlier process grants to `identity`, or null. */
  formerId(token: string, identity: Identity): string | null {
    const claim = this.codec.verify(token);
    if (claim === null || claim.expiresAtMs <= this.context.clock.now()) return null;
    if (!claim.isOwnedBy(ownerOf(identity))) return null;
    // another node may still keep the session: the id must not exist twice
    if (this.context.peers?.isOwnedElsewhere(claim.clientId)) return null;
    return this.context.registry.clients.has(claim.clientId) ? null : claim.clientId;
  }

  /** Gives `client`, which has just registered, a session. */
  open(client: Client): SessionAnswer {
    const session = new DurableSession(client, this, this.context.clock.monotonicMs());
    client.durable = session;
    client.stream = session.detachedStream;
    this.context.registry.attached.add(client);
    const state: SessionState = {
      session,
      tokens: new IssuedTokens(this.codec.firstGeneration()),
      awayBytes: 0,
      isCountKnown: true,
    };
    this.states.set(client, state);
    this.startWaiting(state);
    return this.answer(state, false, 0);
  }

  /** Resumes the session of `token` on `connection` for a client that has received `received` messages; null if impossible. */
  resume(
    token: string,
    received: number,
    connection: RouterConnection,
    identity: Identity,
    change: Partial<Pick<ClientProfile, 'groups' | 'metadata'>>,
  ): { readonly client: Client; readonly answer: SessionAnswer } | null {
    const state = this.find(token, identity);
    if (state === null) return null;
    const { session } = state;
    const { client } = session;
    const newlyLost = this.restate(state, received);
    if (newlyLost === null) return null;
    const lost = newlyLost + session.unreportedLost;
    const { stream } = client;
    this.streamLost(client);
    if (stream !== session.detachedStream) stream?.end('ABORTED', 'Session resumed on another connection');
    this.context.registry.move(client, connection);
    client.identity = identity;
    if (change.groups !== undefined) this.context.registry.setGroups(client, change.groups);
    if (change.metadata !== undefined) client.metadata = change.metadata;
    if (change.groups ?? change.metadata) this.context.peers?.changed(client, 'silent');
    this.context.counters.sessionsResumed++;
    return { client, answer: this.answer(state, true, lost) };
  }

  /** The client that a p2p stream of `identity` with `token` may attach to, whatever its connection; or null. */
  bind(token: string, identity: Identity): Client | null {
    return this.find(token, identity)?.session.client ?? null;
  }

  /**
   * Prepares the session of `client` for the replay to a further stream, whose client has received `received` messages or
   * does not state it; returns the refusal of that stream, or null. A count that is older would deliver messages twice.
   */
  rewind(client: Client, received: number | null): Refusal | null {
    const state = this.states.get(client);
    if (state === undefined) return null;
    if (received === null) return state.isCountKnown ? null : { code: 'missing-field', text: TEXT.receivedMissing };
    const newlyLost = this.restate(state, received);
    if (newlyLost === null) return { code: 'malformed', text: TEXT.receivedTooMuch };
    state.session.unreportedLost += newlyLost;
    return null;
  }

  /** Attaches `stream` to the session of `client`, if it has one; returns the queue for messages to the client. */
  attach(client: Client, stream: AttachedStream, queue: DeliveryQueue): DeliveryQueue {
    const state = this.states.get(client);
    if (state === undefined) return queue;
    const { session } = state;
    const { counters } = this.context;
    counters.sessionMessagesReplayed += session.keptMessages;
    const lostBefore = session.unreportedLost;
    const inbox = session.attach(stream, queue);
    counters.sessionMessagesLost += session.unreportedLost - lostBefore;
    state.tokens.reportedSkipped = session.replay.skippedCount;
    state.isCountKnown = false;
    this.stopWaiting(state);
    return inbox;
  }

  /** The stream of `client` has ended, or is about to be replaced. */
  streamLost(client: Client): void {
    const state = this.states.get(client);
    if (state === undefined) return;
    client.stream = state.session.detachedStream;
    client.setStatus('idle');
    this.context.registry.attached.add(client);
    state.session.detach(this.context.clock.monotonicMs());
    this.startWaiting(state);
  }

  /** The connection of `client` is lost: keeps it for the session window. */
  connectionLost(client: Client): void {
    this.streamLost(client);
    this.context.registry.move(client, this.away);
  }

  /** Releases the session of `client`, which was removed. */
  close(client: Client): void {
    const state = this.states.get(client);
    if (state === undefined) return;
    state.session.close();
    this.stopWaiting(state);
    this.states.delete(client);
  }

  /** Sends acknowledgements that are due, and removes the clients whose window has passed. */
  sweep(): void {
    const { due } = this;
    if (due.length > 0) {
      this.due = [];
      for (const session of due) session.acknowledgeIfDue();
    }
    const oldestMs = this.context.clock.monotonicMs() - this.context.limits.sessionWindowMs;
    let expired = 0;
    for (const state of this.waiting) {
      const { awaySinceMs } = state.session;
      if (awaySinceMs === null || awaySinceMs > oldestMs || ++expired > MAX_EXPIRED_PER_SWEEP) return;
      this.expire(state);
    }
  }

  nowMs(): number {
    return this.context.clock.now();
  }

  /** The session's own limit, or less when the memory of all sessions or clients is used up. */
  maxBytes({ replay }: DurableSession): number {
    return Math.min(this.context.limits.sessionBufferBytes, this.budget.limitFor(replay.bytes));
  }

  acknowledgeLater(session: DurableSession): void {
    this.due.push(session);
  }

  /** Applies the client's count of received messages; returns the number of lost ones, null for an impossible count. */
  private restate(state: SessionState, received: number): number | null {
    const lost = state.session.replay.resume(received, state.tokens.reportedSkipped);
    if (lost === null) return null;
    state.isCountKnown = true;
    this.context.counters.sessionMessagesLost += lost;
    return lost;
  }

  /** Puts a session at the end of those that are away; the oldest of them expire early when there are too many. */
  private startWaiting(state: SessionState): void {
    this.stopWaiting(state);
    state.awayBytes = AWAY_BYTES + state.session.client.metadata.length;
    this.waiting.add(state);
    this.budget.addAway(state.awayBytes);
    for (const oldest of this.waiting) {
      if (!this.budget.isFull || oldest === state) return;
      this.context.log.warnOnce('session-memory', 'Sessions expired early: too many clients are away', {
        away: this.waiting.size,
      });
      this.expire(oldest);
    }
  }

  private stopWaiting(state: SessionState): void {
    this.waiting.delete(state);
    this.budget.addAway(-state.awayBytes);
    state.awayBytes = 0;
  }

  private expire({ session }: SessionState): void {
    this.context.counters.sessionsExpired++;
    this.context.counters.dropped.sessionExpired += session.keptMessages;
    this.context.remove(session.client, 'sessionExpired');
  }

  /** Kept messages in the order of their release: clients that have been away longest come first. */
  private *keptMessages(): Iterable<ReplayBuffer> {
    for (const { session } of this.waiting) yield session.replay;
    for (const { session } of this.states.values()) if (!session.isAway) yield session.replay;
  }

  /** The session of a valid token, which counts as used from now on. */
  private find(token: string, identity: Identity): SessionState | null {
    const claim = this.codec.verify(token);
    const client = claim === null ? undefined : this.context.registry.clients.get(claim.clientId);
    const state = client === undefined ? undefined : this.states.get(client);
    if (claim === null || state === undefined || client === undefined) return null;
    if (!mayTakeOver(client.identity, identity)) return null;
    const isNew = state.tokens.use(claim.generation);
    if (isNew === null) return null;
    if (isNew) state.session.unreportedLost = 0;
    return state;
  }

  private answer(state: SessionState, resumed: boolean, lost: number): SessionAnswer {
    const { session } = state;
    const generation = state.tokens.issue(session.replay.skippedCount);
    const { clock, limits } = this.context;
    const { id: clientId, identity } = session.client;
    const token = this.codec.issue({ clientId, generation }, ownerOf(identity), clock.now() + TOKEN_LIFETIME_MS);
    return { token, resumed, received: session.received, windowMs: limits.sessionWindowMs, lost };
  }
}

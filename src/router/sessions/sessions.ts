import type { Client, ClientProfile, DeliveryQueue, RouterConnection } from '../client.ts';
import type { Counters } from '../counters.ts';
import type { MemoryBudget } from '../delivery/memory-budget.ts';
import type { Clock, Limits } from '../interfaces.ts';
import type { Registry } from '../registry.ts';
import { type AttachedStream, DurableSession, type DurableSessionOwner } from './durable-session.ts';

/** The content of a session token. `generation` grows with each token of a session. */
export interface SessionClaim {
  readonly clientId: string;
  readonly generation: number;
}

/** Makes and verifies session tokens; they are bearer secrets. */
export interface SessionTokenCodec {
  issue(claim: SessionClaim, expiresAtMs: number): string;
  /** Null for a token that was not issued with this key. */
  verify(token: string): (SessionClaim & { readonly expiresAtMs: number }) | null;
}

/** The router's answer to a registration with a session. */
export interface SessionAnswer {
  readonly token: string;
  readonly resumed: boolean;
  /** Messages of the client that the router has received. */
  readonly received: number;
  readonly windowMs: number;
  /** Messages to the client that could not be kept. */
  readonly lost: number;
}

/** The router as sessions use it. */
export interface SessionsContext {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly registry: Registry;
  readonly budget: MemoryBudget;
  remove(client: Client, reason: 'sessionExpired'): void;
}

/** How long a token can restore the id of a client after the router was restarted. */
const TOKEN_LIFETIME_MS = 30 * 24 * 3_600_000;

/** Tokens of one session. A token is valid until a newer one has been used: an answer that got lost costs nothing. */
interface TokenState {
  issued: number;
  used: number;
  /** `skippedCount` of the replay buffer as each answer reported it, by the generation of its token. */
  readonly skipped: Map<number, number>;
}

/** Sessions that outlive their connections. Holds no timer: call `sweep` every 100 ms. */
export class Sessions implements DurableSessionOwner {
  readonly budget: { add(bytes: number): void };
  private readonly context: SessionsContext;
  private readonly codec: SessionTokenCodec;
  private readonly tokens = new Map<DurableSession, TokenState>();
  private due: DurableSession[] = [];
  /** Holds the clients whose connection is closed. */
  private readonly away: RouterConnection = { clients: new Set(), remote: 'away', proxyHeader: null };

  constructor(context: SessionsContext, codec: SessionTokenCodec) {
    this.context = context;
    this.codec = codec;
    this.budget = {
      add: (bytes) => {
        context.budget.usedBytes += bytes;
      },
    };
  }

  get isEnabled(): boolean {
    return this.context.limits.sessionWindowMs > 0;
  }

  get count(): number {
    return this.tokens.size;
  }

  /** Sessions without an attached stream. */
  get awayCount(): number {
    let count = 0;
    for (const session of this.tokens.keys()) if (session.awaySinceMs !== null) count++;
    return count;
  }

  /** The id that a token of an earlier process grants, or null. */
  formerId(token: string): string | null {
    const claim = this.codec.verify(token);
    if (claim === null || claim.expiresAtMs <= this.context.clock.now()) return null;
    return this.context.registry.clients.has(claim.clientId) ? null : claim.clientId;
  }

  /** Gives `client`, which has just registered, a session. */
  open(client: Client): SessionAnswer {
    const session = new DurableSession(client, this, this.context.clock.monotonicMs());
    client.durable = session;
    client.stream = session.detachedStream;
    this.context.registry.attached.add(client);
    this.tokens.set(session, { issued: 0, used: 0, skipped: new Map() });
    return this.answer(session, false, 0);
  }

  /** Takes up the session of `token` on `connection`, for a client that has received `received` messages; or null. */
  resume(
    token: string,
    received: number,
    connection: RouterConnection,
    change: Partial<Pick<ClientProfile, 'groups' | 'metadata'>>,
  ): { readonly client: Client; readonly answer: SessionAnswer } | null {
    const session = this.find(token);
    if (session === null) return null;
    const { client, replay } = session;
    const state = this.tokens.get(session);
    const newlyLost = state === undefined ? null : replay.resume(received, state.skipped.get(state.used) ?? 0);
    if (newlyLost === null) return null;
    const lost = newlyLost + session.unreportedLost;
    this.context.counters.sessionMessagesLost += newlyLost;
    const { stream } = client;
    this.detach(client);
    if (stream !== session.detachedStream) stream?.end('ABORTED', 'Session resumed on another connection');
    this.context.registry.move(client, connection);
    if (change.groups !== undefined) this.context.registry.setGroups(client, change.groups);
    if (change.metadata !== undefined) client.metadata = change.metadata;
    this.context.counters.sessionsResumed++;
    return { client, answer: this.answer(session, true, lost) };
  }

  /** The client that a p2p stream with `token` may attach to, whatever its connection; or null. */
  bind(token: string): Client | null {
    return this.find(token)?.client ?? null;
  }

  /** Attaches `stream` to `session`; returns the queue for messages to the client. */
  attach(session: DurableSession, stream: AttachedStream, queue: DeliveryQueue): DeliveryQueue {
    const { counters } = this.context;
    counters.sessionMessagesReplayed += session.replay.length;
    const lostBefore = session.unreportedLost;
    const inbox = session.attach(stream, queue);
    counters.sessionMessagesLost += session.unreportedLost - lostBefore;
    const state = this.tokens.get(session);
    state?.skipped.set(state.used, session.replay.skippedCount);
    return inbox;
  }

  /** The connection or the stream of `client` is lost: keeps it for the session window. */
  leave(client: Client): void {
    this.detach(client);
    this.context.registry.move(client, this.away);
  }

  /** The stream of `client` has ended while its connection stays. */
  streamLost(client: Client): void {
    this.detach(client);
  }

  /** Releases what the session of a removed client holds. */
  close(session: DurableSession): void {
    session.replay.clear();
    this.tokens.delete(session);
  }

  /** Sends acknowledgements that are due, and removes the clients whose window has passed. */
  sweep(): void {
    const { due } = this;
    if (due.length > 0) {
      this.due = [];
      for (const session of due) session.acknowledgeIfDue();
    }
    const nowMs = this.context.clock.monotonicMs();
    const { sessionWindowMs } = this.context.limits;
    for (const { client, awaySinceMs } of this.tokens.keys()) {
      if (awaySinceMs === null || nowMs - awaySinceMs < sessionWindowMs) continue;
      this.context.counters.sessionsExpired++;
      this.context.counters.dropped.sessionExpired += client.durable?.replay.length ?? 0;
      this.context.remove(client, 'sessionExpired');
    }
  }

  nowMs(): number {
    return this.context.clock.now();
  }

  /** The session's own limit, or less when the memory of all clients is used up. */
  maxBytes({ replay }: DurableSession): number {
    const { budget, limits } = this.context;
    return Math.min(limits.sessionBufferBytes, replay.bytes + budget.limitBytes - budget.usedBytes);
  }

  acknowledgeLater(session: DurableSession): void {
    this.due.push(session);
  }

  private detach(client: Client): void {
    const { durable } = client;
    if (durable === null) return;
    client.stream = durable.detachedStream;
    client.setStatus('idle');
    this.context.registry.attached.add(client);
    durable.detach(this.context.clock.monotonicMs());
  }

  /** The session of a valid token, which counts as used from now on. */
  private find(token: string): DurableSession | null {
    const claim = this.codec.verify(token);
    const session = claim === null ? null : (this.context.registry.clients.get(claim.clientId)?.durable ?? null);
    const state = session === null ? undefined : this.tokens.get(session);
    if (claim === null || session === null || state === undefined) return null;
    if (claim.generation < state.used || claim.generation > state.issued) return null;
    if (claim.generation > state.used) session.unreportedLost = 0;
    for (const generation of state.skipped.keys()) if (generation < claim.generation) state.skipped.delete(generation);
    state.used = claim.generation;
    return session;
  }

  private answer(session: DurableSession, resumed: boolean, lost: number): SessionAnswer {
    const state = this.tokens.get(session) ?? { issued: 0, used: 0, skipped: new Map<number, number>() };
    const generation = ++state.issued;
    state.skipped.set(generation, session.replay.skippedCount);
    const { clock, limits } = this.context;
    const token = this.codec.issue({ clientId: session.client.id, generation }, clock.now() + TOKEN_LIFETIME_MS);
    return { token, resumed, received: session.received, windowMs: limits.sessionWindowMs, lost };
  }
}

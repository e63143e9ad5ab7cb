import type { Authenticator } from '../access/index.ts';
import type { Connection, Listener } from '../net/index.ts';
import { type Client, enforceRights, type Identity, type RouterCore } from '../router/index.ts';

/** Time for the streams of an expired token to end with UNAUTHENTICATED before the connection is closed. */
const CLOSE_GRACE_MS = 1000;

interface EnforcementDependencies {
  readonly core: RouterCore;
  readonly auth: Authenticator;
  readonly listener: Listener;
}

/** Applies removed, changed and expired tokens to the connections, clients and streams that they have admitted. */
export class TokenEnforcement {
  private readonly core: RouterCore;
  private readonly auth: Authenticator;
  private readonly listener: Listener;

  constructor({ core, auth, listener }: EnforcementDependencies) {
    this.core = core;
    this.auth = auth;
    this.listener = listener;
  }

  /** After a reload: closes what has no valid token any more, and applies changed roles. Returns the connections closed. */
  afterReload(): number {
    const { auth, core, listener } = this;
    for (const identity of this.identities()) auth.recheck(identity);
    const isRevoked = (open: Connection): boolean =>
      auth.trusts(open) && !auth.isValid(open.identity) && !auth.isExpired(open.identity);
    const revoked = new Set(listener.connections.newestFirst().filter(isRevoked));
    listener.close([...revoked], 'tokenRevoked');
    this.endRevoked(revoked);
    enforceRights(core);
    // a reload may have shortened the life of a token
    auth.earliestExpiryMs = Number.NEGATIVE_INFINITY;
    return revoked.size;
  }

  /** Call every second: ends what an expired token has admitted. */
  endExpired(nowMs: number): void {
    const { auth, core, listener } = this;
    if (nowMs < auth.earliestExpiryMs) return;
    // a session waits for a newer token
    const clients = [...core.registry.clients.values()].filter(
      ({ durable, identity }) => durable === null && auth.isExpired(identity),
    );
    const streams = [...core.streams].filter(({ identity }) => auth.isExpired(identity));
    const expired = listener.connections
      .newestFirst()
      .filter((open) => auth.trusts(open) && auth.isExpired(open.identity));
    for (const stream of streams) listener.closeQueue.run(() => stream.end('UNAUTHENTICATED', 'Token expired'));
    for (const client of clients) listener.closeQueue.run(() => this.expire(client));
    listener.close(
      expired.filter(({ identity }) => auth.expiredBefore(identity, nowMs - CLOSE_GRACE_MS)),
      'tokenExpired',
    );
    auth.earliestExpiryMs = Number.POSITIVE_INFINITY;
    for (const identity of this.identities()) auth.noteExpiry(identity);
    if (expired.length > 0) auth.earliestExpiryMs = Math.min(auth.earliestExpiryMs, nowMs + CLOSE_GRACE_MS);
    if (streams.length + clients.length > 0) {
      core.log.info('Token expired', { clients: clients.length, streams: streams.length });
    }
  }

  /** Ends the clients and streams of revoked tokens, except those on `closing` connections. */
  private endRevoked(closing: ReadonlySet<unknown>): void {
    const { auth, core, listener } = this;
    const isRevoked = (identity: Identity): boolean => !auth.isValid(identity) && !auth.isExpired(identity);
    // a session may be away, or attached to another connection than the one that proved its token
    const clients = [...core.registry.clients.values()].filter(
      ({ durable, connection, identity }) => (durable !== null || !closing.has(connection)) && isRevoked(identity),
    );
    const streams = [...core.streams].filter(
      ({ connection, identity }) => !closing.has(connection) && isRevoked(identity),
    );
    for (const client of clients) listener.closeQueue.run(() => this.revoke(client));
    for (const stream of streams) listener.closeQueue.run(() => stream.end('UNAUTHENTICATED', 'Token revoked'));
    if (clients.length + streams.length === 0) return;
    core.log.info('Clients and streams without a valid token ended', {
      clients: clients.length,
      streams: streams.length,
    });
  }

  private revoke(client: Client): void {
    const { stream } = client;
    this.core.remove(client, 'tokenRevoked');
    stream?.end('UNAUTHENTICATED', 'Token revoked');
  }

  private expire(client: Client): void {
    const { stream } = client;
    this.core.remove(client, 'tokenExpired');
    stream?.end('UNAUTHENTICATED', 'Token expired');
  }

  /** Each identity that is in use, some of them more than once. */
  private *identities(): Iterable<Identity> {
    for (const connection of this.listener.connections.newestFirst()) {
      if (connection.identity !== null) yield connection.identity;
      if (connection.identities !== null) yield* connection.identities.values();
    }
    for (const client of this.core.registry.clients.values()) yield client.identity;
    for (const stream of this.core.streams) yield stream.identity;
  }
}

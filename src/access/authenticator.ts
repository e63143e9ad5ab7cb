import { ANONYMOUS, type Identity, type LoginFailure } from '../router/index.ts';
import type { RpcAuthenticator, RpcConnection } from '../rpc/index.ts';
import { decodeEntry, mapEntries, mapWithout } from '../wire/index.ts';
import { isJwt, type JwtVerifier } from './jwt-verifier.ts';
import { type AccessRules, recheck } from './rules.ts';
import { type GrantedToken, principalOf, TokenIdentity } from './token-identity.ts';
import { digestOf } from './tokens.ts';

const TOKEN_KEY = 'token';
const BEARER = /^Bearer\s+(\S+)\s*$/i;
/** Principals remembered per connection, for proxies that share one among clients. */
const MAX_PRINCIPALS = 10_000;

/** Calls authenticated by a token: all on its connection, or only the one that carries it. */
export type AuthScope = 'connection' | 'call';

/** Authenticates calls by token. Without rules every call is admitted. */
export class Authenticator implements RpcAuthenticator {
  readonly scope: AuthScope;
  /** No identity expires earlier, in milliseconds since the epoch. */
  earliestExpiryMs = Number.POSITIVE_INFINITY;
  private rules: AccessRules | null;
  private jwt: JwtVerifier | null;
  private readonly now: () => number;

  constructor(
    rules: AccessRules | null,
    scope: AuthScope = 'connection',
    now: () => number = Date.now,
    jwt: JwtVerifier | null = null,
  ) {
    this.rules = rules;
    this.jwt = jwt;
    this.scope = scope;
    this.now = now;
  }

  get enabled(): boolean {
    return this.rules !== null;
  }

  /** Uses other rules for the next calls. Call `recheck` for the identities that exist. */
  replace(rules: AccessRules | null, jwt: JwtVerifier | null = null): void {
    this.rules = rules;
    this.jwt = jwt;
  }

  /** Verifies the JWT of a call. Call `authenticate` when the promise has resolved, or at once for null. */
  prepare(authorization: string | null): Promise<void> | null {
    if (this.jwt === null || authorization === null) return null;
    const token = BEARER.exec(authorization)?.[1];
    return token === undefined ? null : this.jwt.prepare(token);
  }

  /** The same for the token in the metadata map of `register`. */
  prepareMetadata(metadata: Buffer): Promise<void> | null {
    const token = this.jwt === null ? undefined : tokenIn(metadata);
    return typeof token === 'string' ? (this.jwt?.prepare(token) ?? null) : null;
  }

  /** False when calls of several clients may share `connection`, so that each has to carry its own token. */
  trusts(connection: RpcConnection): boolean {
    return connection.isExclusive || (this.scope === 'connection' && connection.proxyHeader === null);
  }

  /** The identity of a call: of its own token, or else of its connection. */
  authenticate(connection: RpcConnection, authorization: string | null): Identity | LoginFailure {
    if (this.rules === null) return ANONYMOUS;
    const { identity } = connection;
    const known = identity !== null && this.trusts(connection) && this.isValid(identity) ? identity : null;
    const token = authorization === null ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) return known ?? (authorization === null ? 'noToken' : 'malformed');
    const own = this.verify(connection, token);
    return typeof own === 'string' && known !== null ? known : own;
  }

  /** The same by the token in the metadata map of `register`, the only place where an unmodified Dart client can put it. */
  authenticateByMetadata(connection: RpcConnection, metadata: Buffer): Identity | LoginFailure {
    if (this.rules === null) return ANONYMOUS;
    const token = tokenIn(metadata);
    if (typeof token === 'string' && token !== '') return this.verify(connection, token);
    return token === undefined ? 'noToken' : 'malformed';
  }

  /** The metadata map without the token, which other clients must not see. Unchanged while no tokens are configured. */
  cleanMetadata(metadata: Buffer): Buffer {
    return this.rules === null ? metadata : mapWithout(metadata, TOKEN_KEY);
  }

  /** False for null, and for an identity whose token has expired or was revoked. */
  isValid(identity: Identity | null): boolean {
    if (this.rules === null) return true;
    return identity instanceof TokenIdentity && identity.isValidAt(this.now());
  }

  /** True when the token of `identity` is configured, but has expired. */
  isExpired(identity: Identity | null): boolean {
    return identity instanceof TokenIdentity && !identity.isRevoked && !this.isValid(identity);
  }

  /** True when the token of `identity` has expired before `timeMs`. */
  expiredBefore(identity: Identity | null, timeMs: number): boolean {
    return identity instanceof TokenIdentity && identity.expiresAtMs <= timeMs;
  }

  /** Applies the rules in force to an identity of earlier ones. */
  recheck(identity: Identity): void {
    if (this.rules === null || !(identity instanceof TokenIdentity)) return;
    const { granted } = identity;
    identity.replace(isJwt(granted) ? (this.jwt?.recheck(granted) ?? null) : recheck(this.rules, granted));
    this.noteExpiry(identity);
  }

  /** Lowers `earliestExpiryMs` to that of `identity`, unless it has expired. */
  noteExpiry(identity: Identity): void {
    if (!(identity instanceof TokenIdentity) || !this.isValid(identity)) return;
    this.earliestExpiryMs = Math.min(this.earliestExpiryMs, identity.expiresAtMs);
  }

  private verify(connection: RpcConnection, token: string): Identity | LoginFailure {
    const digest = digestOf(token).toString('hex');
    const granted = this.rules?.get(digest) ?? this.jwt?.get(digest);
    if (granted === undefined) return 'unknownToken';
    if (typeof granted === 'string') return granted;
    return this.now() < granted.expiresAtMs ? this.identify(connection, granted) : 'expired';
  }

  /** The identity of the token's principal on `connection`; the first one is that of calls without a token. */
  private identify(connection: RpcConnection, token: GrantedToken): Identity {
    const principal = principalOf(token);
    const { identity } = connection;
    const known = identity?.principal === principal ? identity : connection.identities?.get(principal);
    if (known instanceof TokenIdentity && !known.isRevoked) {
      known.renew(token);
      if (this.trusts(connection) && !this.isValid(connection.identity)) connection.identity = known;
      return known;
    }
    const created = new TokenIdentity(token);
    this.noteExpiry(created);
    if (this.trusts(connection) && !this.isValid(connection.identity)) connection.identity = created;
    else remember(connection, created);
    return created;
  }
}

function tokenIn(metadata: Buffer): unknown {
  const entries = mapEntries(metadata, 0, metadata.length) ?? [];
  return decodeEntry(metadata, entries, TOKEN_KEY);
}

function remember(connection: RpcConnection, identity: Identity): void {
  connection.identities ??= new Map();
  const { identities } = connection;
  identities.delete(identity.principal);
  identities.set(identity.principal, identity);
  const oldest = identities.keys().next();
  if (identities.size > MAX_PRINCIPALS && oldest.done !== true) identities.delete(oldest.value);
}

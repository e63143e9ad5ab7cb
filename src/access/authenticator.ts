import { createHash, timingSafeEqual } from 'node:crypto';
import type { RpcAuthenticator, RpcConnection } from '../rpc/index.ts';
import { decodeEntry, mapEntries, mapWithout } from '../wire/index.ts';

/** Digests of the valid tokens by name. The tokens themselves are not stored. */
export type TokenDigests = ReadonlyMap<string, Buffer>;

const TOKEN_KEY = 'token';
const BEARER = /^Bearer\s+(\S+)\s*$/i;

/** The digest by which tokens are compared in constant time, whatever their length. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Calls authenticated by a token: all on its connection, or only the one that carries it. */
export type AuthScope = 'connection' | 'call';

/** The credential of every call while no tokens are configured. */
const ANONYMOUS = '';

/**
 * Authenticates calls by token. A credential is the name of a token and its digest, so that it stops being valid when
 * either changes. Without a tokens file every call is admitted.
 */
export class Authenticator implements RpcAuthenticator {
  readonly scope: AuthScope;
  private tokens: TokenDigests | null;

  constructor(tokens: TokenDigests | null, scope: AuthScope = 'connection') {
    this.tokens = tokens;
    this.scope = scope;
  }

  get enabled(): boolean {
    return this.tokens !== null;
  }

  replace(tokens: TokenDigests | null): void {
    this.tokens = tokens;
  }

  /** False when calls of several clients may share `connection`, so that each has to carry its own token. */
  trusts(connection: RpcConnection): boolean {
    return connection.isExclusive || (this.scope === 'connection' && connection.proxyHeader === null);
  }

  /** The credential of a call, by its `authorization` header or its connection; null if neither is valid. */
  authenticate(connection: RpcConnection, authorization: string | null): string | null {
    if (this.tokens === null) return ANONYMOUS;
    const { credential } = connection;
    if (credential !== null && this.trusts(connection) && this.isValid(credential)) return credential;
    const token = authorization === null ? undefined : BEARER.exec(authorization)?.[1];
    return token === undefined ? null : this.verify(connection, token);
  }

  /** The same by the token in the metadata map of `register`, the only place where an unmodified Dart client can put it. */
  authenticateByMetadata(connection: RpcConnection, metadata: Buffer): string | null {
    const entries = mapEntries(metadata, 0, metadata.length) ?? [];
    const token = decodeEntry(metadata, entries, TOKEN_KEY);
    return typeof token === 'string' ? this.verify(connection, token) : null;
  }

  /** The metadata map without the token, which other clients must not see. Unchanged while no tokens are configured. */
  cleanMetadata(metadata: Buffer): Buffer {
    return this.tokens === null ? metadata : mapWithout(metadata, TOKEN_KEY);
  }

  /** False for null and for the credential of a token that was removed or changed. */
  isValid(credential: string | null): boolean {
    if (this.tokens === null) return true;
    if (credential === null) return false;
    const end = credential.indexOf(':');
    return end > 0 && this.tokens.get(credential.slice(0, end))?.toString('hex') === credential.slice(end + 1);
  }

  private verify(connection: RpcConnection, token: string): string | null {
    const digest = digestOf(token);
    let found: string | null = null;
    // compares all of them, so that the time does not reveal the position of the match
    for (const [name, valid] of this.tokens ?? []) if (timingSafeEqual(valid, digest)) found = name;
    if (found === null) return null;
    const credential = `${found}:${digest.toString('hex')}`;
    if (this.trusts(connection)) connection.credential = credential;
    return credential;
  }
}

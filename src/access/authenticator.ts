import { createHash, timingSafeEqual } from 'node:crypto';
import type { RpcAuthenticator, RpcConnection } from '../rpc/index.ts';
import { decodeEntry, mapEntries, mapWithout } from '../wire/index.ts';

/** Names and digests of the tokens that are valid; the tokens themselves are not kept. */
export type TokenDigests = ReadonlyMap<string, Buffer>;

const TOKEN_KEY = 'token';
const BEARER = /^Bearer\s+(\S+)\s*$/i;

/** The digest that tokens are compared by: of equal length, whatever the tokens' own. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** How long a token counts: for every call on its connection, or for the call that carries it. */
export type AuthScope = 'connection' | 'call';

/** The credential of every call while no tokens are in use. */
const ANYONE = '';

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
    return this.scope === 'connection' && connection.proxyHeader === null;
  }

  /** The credential of a call, by its `authorization` header or by its connection; null when neither is valid. */
  authenticate(connection: RpcConnection, authorization: string | null): string | null {
    if (this.tokens === null) return ANYONE;
    const { credential } = connection;
    if (credential !== null && this.trusts(connection) && this.isValid(credential)) return credential;
    const token = authorization === null ? undefined : BEARER.exec(authorization)?.[1];
    return token === undefined ? null : this.prove(connection, token);
  }

  /** The same by the token in `register`'s metadata map, the only way an unmodified Dart client has. */
  authenticateByMetadata(connection: RpcConnection, metadata: Buffer): string | null {
    const entries = mapEntries(metadata, 0, metadata.length) ?? [];
    const token = decodeEntry(metadata, entries, TOKEN_KEY);
    return typeof token === 'string' ? this.prove(connection, token) : null;
  }

  /** The metadata map without the token, while tokens are in use: other clients must not see it. */
  cleanMetadata(metadata: Buffer): Buffer {
    return this.tokens === null ? metadata : mapWithout(metadata, TOKEN_KEY);
  }

  /** False for the credential of a token that was removed or changed, and for none. */
  isValid(credential: string | null): boolean {
    if (this.tokens === null) return true;
    if (credential === null) return false;
    const end = credential.indexOf(':');
    return end > 0 && this.tokens.get(credential.slice(0, end))?.toString('hex') === credential.slice(end + 1);
  }

  private prove(connection: RpcConnection, token: string): string | null {
    const digest = digestOf(token);
    let found: string | null = null;
    // compares all of them, so that the time does not depend on the position of the match
    for (const [name, valid] of this.tokens ?? []) if (timingSafeEqual(valid, digest)) found = name;
    if (found === null) return null;
    const credential = `${found}:${digest.toString('hex')}`;
    if (this.trusts(connection)) connection.credential = credential;
    return credential;
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeEntry, mapEntries, mapWithout } from '../wire/index.ts';
import type { Connection } from './connection.ts';

/** Names and digests of the tokens that are valid; the tokens themselves are not kept. */
export type TokenDigests = ReadonlyMap<string, Buffer>;

const TOKEN_KEY = 'token';
const BEARER = /^Bearer\s+(\S+)\s*$/i;

/** The digest that tokens are compared by: of equal length, whatever the tokens' own. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Decides who may come in. Without a tokens file everybody may. */
export class Authenticator {
  private tokens: TokenDigests | null;

  constructor(tokens: TokenDigests | null) {
    this.tokens = tokens;
  }

  get enabled(): boolean {
    return this.tokens !== null;
  }

  replace(tokens: TokenDigests | null): void {
    this.tokens = tokens;
  }

  /** True when the connection has proven itself, before or now by the call's `authorization` header. */
  admits(connection: Connection, authorization: string | null): boolean {
    if (this.tokens === null || this.holdsValidProof(connection)) return true;
    const token = authorization === null ? undefined : BEARER.exec(authorization)?.[1];
    return token !== undefined && this.prove(connection, token);
  }

  /** True when `register`'s metadata map holds a valid token, the only way an unmodified Dart client has. */
  admitsByMetadata(connection: Connection, metadata: Buffer): boolean {
    const entries = mapEntries(metadata, 0, metadata.length) ?? [];
    const token = decodeEntry(metadata, entries, TOKEN_KEY);
    return typeof token === 'string' && this.prove(connection, token);
  }

  /** The metadata map without the token, while tokens are in use; it is nobody else's business. */
  cleanMetadata(metadata: Buffer): Buffer {
    return this.tokens === null ? metadata : mapWithout(metadata, TOKEN_KEY);
  }

  /** False for a connection that came in by a token that is not valid any more, or by none at all. */
  holdsValidProof(connection: Connection): boolean {
    if (this.tokens === null) return true;
    const { proof } = connection;
    return proof !== null && this.tokens.get(proof.name)?.toString('hex') === proof.digest;
  }

  private prove(connection: Connection, token: string): boolean {
    const digest = digestOf(token);
    let found: string | null = null;
    // all are compared, so that the time says nothing about which one matched
    for (const [name, valid] of this.tokens ?? []) if (timingSafeEqual(valid, digest)) found = name;
    if (found === null) return false;
    connection.proof = { name: found, digest: digest.toString('hex') };
    return true;
  }
}

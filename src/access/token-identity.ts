import type { Identity, Rights } from '../router/index.ts';

/** A valid token, without the token itself. */
export interface GrantedToken {
  /** SHA-256 of the token, in hexadecimal. */
  readonly digest: string;
  /** Origin of the name, `auth-tokens-file`, `access-file` or `jwt ISSUER`: equal names of two origins are different principals. */
  readonly source: string;
  readonly name: string;
  /** Null: everything is allowed. */
  readonly rights: Rights | null;
  /** Milliseconds since the epoch; Infinity without an expiry. */
  readonly expiresAtMs: number;
}

/** The separator occurs in no name. */
export function principalOf({ source, name }: GrantedToken): string {
  return `${source}\n${name}`;
}

/** The identity of one principal on one connection. */
export class TokenIdentity implements Identity {
  readonly principal: string;
  readonly name: string;
  /** A plain field, because it is read for every message. */
  rights: Rights | null;
  private token: GrantedToken;
  private revoked = false;

  constructor(token: GrantedToken) {
    this.principal = principalOf(token);
    this.name = token.name;
    this.rights = token.rights;
    this.token = token;
  }

  /** The token that it was granted by, the newest of its principal. */
  get granted(): GrantedToken {
    return this.token;
  }

  get expiresAtMs(): number {
    return this.token.expiresAtMs;
  }

  /** True when a reload has removed or changed the token. */
  get isRevoked(): boolean {
    return this.revoked;
  }

  /** Uses `token`, of the same principal, if it is valid for longer. */
  renew(token: GrantedToken): void {
    if (token.expiresAtMs > this.token.expiresAtMs) this.use(token);
  }

  /** Uses the same token as a reload has it; null revokes it. */
  replace(token: GrantedToken | null): void {
    if (token === null) this.revoked = true;
    else this.use(token);
  }

  isValidAt(nowMs: number): boolean {
    return !this.revoked && nowMs < this.token.expiresAtMs;
  }

  private use(token: GrantedToken): void {
    this.token = token;
    this.rights = token.rights;
  }
}

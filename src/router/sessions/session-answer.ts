/** The content of a session token. `generation` grows with each token of a session. */
export interface SessionClaim {
  readonly clientId: string;
  readonly generation: number;
}

/** The content of a valid session token. */
export interface VerifiedClaim extends SessionClaim {
  readonly expiresAtMs: number;
  /** Whether the token was issued for this owner, see `ownerOf`. */
  isOwnedBy(owner: string): boolean;
}

/** Makes and verifies session tokens; they are bearer secrets. */
export interface SessionTokenCodec {
  issue(claim: SessionClaim, owner: string, expiresAtMs: number): string;
  /** First generation of a new session: a random number, see IssuedTokens. */
  firstGeneration(): number;
  /** Null for a token that was not issued with this key. */
  verify(token: string): VerifiedClaim | null;
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

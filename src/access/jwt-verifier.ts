import type { JWTHeaderParameters, JWTPayload } from 'jose';
import type { LoginFailure, Rights } from '../router/index.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { JwtKey } from './jwt-keys.ts';
import type { GrantedToken } from './token-identity.ts';
import { digestOf } from './tokens.ts';

/** Tolerated difference of the clocks of issuer and router. */
const LEEWAY_SECONDS = 30;
const MAX_TOKEN_CHARS = 8192;
/** Results that are kept, so that a token is verified once for all calls and connections. */
const MAX_RESULTS = 10_000;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const NAME = /^[^\s\p{Cc}]{1,128}$/u;

/** A verified JWT, with what a reload has to check again. */
interface GrantedJwt extends GrantedToken {
  readonly jwt: { readonly issuer: string; readonly audiences: readonly string[]; readonly algorithm: string };
  readonly keyThumbprint: string;
  readonly role: string;
}

type Result = GrantedJwt | LoginFailure;

/** Verifies JWTs (RFC 7519) of the issuers of an access file, by local keys. */
export class JwtVerifier {
  private readonly issuers: ReadonlyMap<string, JwtIssuer>;
  private readonly roles: ReadonlyMap<string, Rights>;
  private readonly results = new Map<string, Result>();

  constructor(issuers: readonly JwtIssuer[], roles: ReadonlyMap<string, Rights>) {
    this.issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.roles = roles;
  }

  /** The verification of `token`, which never rejects; null if it is no JWT, or its result is known. */
  prepare(token: string): Promise<void> | null {
    if (token.length > MAX_TOKEN_CHARS || !JWT.test(token)) return null;
    const digest = digestOf(token).toString('hex');
    if (this.results.has(digest)) return null;
    return this.verify(token, digest).then((result) => this.remember(digest, result));
  }

  /** The result for the token with this digest; undefined if it was not prepared. */
  get(digest: string): Result | undefined {
    return this.results.get(digest);
  }

  /** The token as the issuers and roles have it now; null when they refuse it. */
  recheck(token: GrantedToken): GrantedToken | null {
    const { jwt, keyThumbprint, role } = token as GrantedJwt;
    const issuer = this.issuers.get(jwt.issuer);
    const rights = this.roles.get(role);
    if (issuer === undefined || rights === undefined) return null;
    const isValid =
      jwt.audiences.includes(issuer.audience) &&
      issuer.algorithms.includes(jwt.algorithm) &&
      issuer.keys.some(({ thumbprint }) => thumbprint === keyThumbprint);
    return isValid ? ({ ...token, rights } as GrantedJwt) : null;
  }

  private remember(digest: string, result: Result): void {
    const oldest = this.results.keys().next().value;
    if (this.results.size >= MAX_RESULTS && oldest !== undefined) this.results.delete(oldest);
    this.results.set(digest, result);
  }

  private async verify(token: string, digest: string): Promise<Result> {
    // loaded with the first JWT: most routers have none
    const { decodeJwt, errors, jwtVerify } = await import('jose');
    try {
      const issuer = this.issuers.get(decodeJwt(token).iss ?? '');
      if (issuer === undefined) return 'invalidToken';
      let used: JwtKey | null = null;
      const { payload, protectedHeader } = await jwtVerify(
        token,
        (header) => {
          used = keyFor(issuer, header);
          return used.key;
        },
        {
          issuer: issuer.issuer,
          audience: issuer.audience,
          algorithms: [...issuer.algorithms],
          clockTolerance: LEEWAY_SECONDS,
          requiredClaims: ['exp'],
        },
      );
      return this.grant(digest, issuer, payload, protectedHeader.alg, used);
    } catch (error) {
      return error instanceof errors.JWTExpired ? 'expired' : 'invalidToken';
    }
  }

  private grant(
    digest: string,
    { issuer, claims }: JwtIssuer,
    payload: JWTPayload,
    algorithm: string,
    key: JwtKey | null,
  ): Result {
    const name = payload[claims.name];
    const role = payload[claims.role];
    const rights = typeof role === 'string' ? this.roles.get(role) : undefined;
    if (typeof name !== 'string' || !NAME.test(name) || rights === undefined || key === null) return 'invalidToken';
    const audiences = [payload.aud ?? []].flat();
    return {
      digest,
      source: `jwt ${issuer}`,
      name,
      rights,
      expiresAtMs: ((payload.exp ?? 0) + LEEWAY_SECONDS) * 1000,
      jwt: { issuer, audiences, algorithm },
      keyThumbprint: key.thumbprint,
      role: String(role),
    };
  }
}

/** True for a token that a JwtVerifier has granted. */
export function isJwt({ source }: GrantedToken): boolean {
  return source.startsWith('jwt ');
}

/** Key types by the beginning of an algorithm. */
const KEY_TYPE: Readonly<Record<string, string>> = { RS: 'rsa', PS: 'rsa', ES: 'ec', Ed: 'ed25519' };

/** The key that the header names, or the only one of its type. `kid` only selects among the keys of the issuer. */
function keyFor({ keys }: JwtIssuer, { kid, alg }: JWTHeaderParameters): JwtKey {
  const fitting = keys.filter(
    (it) =>
      it.key.asymmetricKeyType === KEY_TYPE[alg.slice(0, 2)] &&
      (kid === undefined || it.kid === null || it.kid === kid),
  );
  const [key] = fitting;
  if (key === undefined || fitting.length > 1) throw new Error('no key of the issuer fits');
  return key;
}

import type { FastifyRequest } from 'fastify';
import type { ApiPrincipal, ApiTokens } from '../access/index.ts';
import { ApiProblem } from './problem.ts';

const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;
/** Addresses whose failures are remembered; the oldest is forgotten beyond. */
const MAX_ADDRESSES = 10_000;

/** Every caller on loopback, where no tokens are configured. */
const LOCAL: ApiPrincipal = { name: 'local', scope: 'write' };

/** Authenticates the callers of the API by bearer tokens (RFC 6750), and slows down those that guess. */
export class ApiAuthorization {
  private readonly tokens: () => ApiTokens | null;
  private readonly monotonicMs: () => number;
  private readonly onFailure: (address: string, reason: 'noToken' | 'unknownToken') => void;
  private readonly failures = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(
    tokens: () => ApiTokens | null,
    monotonicMs: () => number,
    onFailure: (address: string, reason: 'noToken' | 'unknownToken') => void,
  ) {
    this.tokens = tokens;
    this.monotonicMs = monotonicMs;
    this.onFailure = onFailure;
  }

  /** The caller of `request`. Throws 401 without a valid token, 403 without the scope, 429 after too many failures. */
  authorize(request: FastifyRequest, needsWrite: boolean): ApiPrincipal {
    const tokens = this.tokens();
    const principal = tokens === null ? LOCAL : this.authenticate(request, tokens);
    if (needsWrite && principal.scope !== 'write') {
      throw new ApiProblem(
        403,
        'forbidden',
        `The token of ${principal.name} may only read; this call needs scope write`,
      );
    }
    return principal;
  }

  private authenticate({ headers, ip }: FastifyRequest, tokens: ApiTokens): ApiPrincipal {
    const waitMs = this.waitMs(ip);
    if (waitMs > 0) {
      const retryAfter = String(Math.ceil(waitMs / 1000));
      throw new ApiProblem(429, 'too-many-failures', 'Too many failed logins from this address: try again later', {
        'retry-after': retryAfter,
      });
    }
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const principal = token === undefined ? null : tokens.find(token);
    if (principal !== null) return principal;
    if (token !== undefined) this.recordFailure(ip);
    this.onFailure(ip, token === undefined ? 'noToken' : 'unknownToken');
    const detail = token === undefined ? 'A token is required: Authorization: Bearer TOKEN' : 'Unknown token';
    throw new ApiProblem(401, 'unauthenticated', detail, { 'www-authenticate': 'Bearer' });
  }

  /** Milliseconds until the address may try again; 0 at once. */
  private waitMs(address: string): number {
    const failure = this.failures.get(address);
    if (failure === undefined) return 0;
    const waitMs = failure.sinceMs + FAILURE_WINDOW_MS - this.monotonicMs();
    if (waitMs <= 0) this.failures.delete(address);
    return failure.count >= MAX_FAILURES ? Math.max(0, waitMs) : 0;
  }

  private recordFailure(address: string): void {
    const failure = this.failures.get(address);
    if (failure !== undefined) {
      failure.count++;
      return;
    }
    const oldest = this.failures.keys().next().value;
    if (this.failures.size >= MAX_ADDRESSES && oldest !== undefined) this.failures.delete(oldest);
    this.failures.set(address, { count: 1, sinceMs: this.monotonicMs() });
  }
}

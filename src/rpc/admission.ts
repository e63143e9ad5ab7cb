import type { LoginFailure } from '../router/index.ts';
import { type RpcConnection, type RpcContext, RpcError, type RpcMethod, type RpcServices } from './method.ts';
import { requirePermission } from './permission.ts';

/** Admits a call of `method`, or throws RpcError. */
export function admitCall(
  services: RpcServices,
  method: RpcMethod,
  connection: RpcConnection,
  authorization: string | null,
): RpcContext {
  const { core, auth, listingSlices } = services;
  if (core.log.isDebug === true) core.log.debug('Call', { method: method.name, remote: connection.remote });
  if (core.draining) throw new RpcError('UNAVAILABLE', 'Router is shutting down');
  const identity = auth.authenticate(connection, authorization);
  const context = { core, auth, listingSlices, method, connection, identity };
  if (typeof identity === 'string' && method.auth !== 'metadata') {
    recordAuthFailure(context, identity);
    throw new RpcError('UNAUTHENTICATED', tokenRequired(context, identity));
  }
  if (method.permission !== undefined) requirePermission(context, method.permission);
  return context;
}

/** Counts a refused login, and logs the first of each reason. */
export function recordAuthFailure({ core, method, connection }: RpcContext, reason: LoginFailure): void {
  core.counters.authFailures++;
  core.counters.loginFailures[reason]++;
  core.log.warnOnce(`auth-${reason}`, 'Authentication failed', {
    method: method.name,
    reason,
    remote: connection.remote,
  });
}

function tokenRequired({ auth, connection }: RpcContext, reason: LoginFailure): string {
  if (reason === 'expired') return 'Token expired: a valid token is required';
  if (auth.trusts(connection)) return 'A valid token is required';
  const { proxyHeader } = connection;
  const cause = proxyHeader === null ? '' : `: an HTTP proxy shares this connection (header ${proxyHeader})`;
  return `A valid token is required on every call${cause}`;
}

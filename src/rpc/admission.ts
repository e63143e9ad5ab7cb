import { type RpcConnection, type RpcContext, RpcError, type RpcMethod, type RpcServices } from './method.ts';

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
  const credential = auth.authenticate(connection, authorization);
  const context = { core, auth, listingSlices, method, connection, credential };
  if (credential !== null || method.auth === 'metadata') return context;
  recordAuthFailure(context);
  throw new RpcError('UNAUTHENTICATED', tokenRequired(context));
}

export function recordAuthFailure({ core, method, connection }: RpcContext): void {
  core.counters.authFailures++;
  core.log.warnOnce('auth', 'Authentication failed', { method: method.name, remote: connection.remote });
}

function tokenRequired({ auth, connection }: RpcContext): string {
  if (auth.trusts(connection)) return 'A valid token is required';
  const { proxyHeader } = connection;
  const cause = proxyHeader === null ? '' : `: an HTTP proxy shares this connection (header ${proxyHeader})`;
  return `A valid token is required on every call${cause}`;
}

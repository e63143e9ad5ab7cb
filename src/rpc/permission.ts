import { type Identity, type Permission, permissionText, recordForbidden, TEXT } from '../router/index.ts';
import { type RpcContext, RpcError } from './method.ts';

/** The identity of an admitted call of a method that needs one. */
export function identityOf({ identity }: RpcContext): Identity {
  if (typeof identity === 'string') throw new RpcError('UNAUTHENTICATED', 'A valid token is required');
  return identity;
}

/** Ends the call with PERMISSION_DENIED when the role of its identity lacks `permission`. */
export function requirePermission(context: RpcContext, permission: Permission): void {
  const identity = identityOf(context);
  if (identity.rights === null || identity.rights.allows(permission)) return;
  const needed = { permission, group: null };
  recordForbidden(context.core, needed, identity, { client: null, remote: context.connection.remote });
  throw new RpcError('PERMISSION_DENIED', TEXT.forbidden(permissionText(needed)));
}

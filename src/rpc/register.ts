import { MAX_METADATA_BYTES, MAX_NAME_BYTES } from '../router/index.ts';
import { encode } from '../wire/index.ts';
import { recordAuthFailure } from './admission.ts';
import { mapField, textField, textListField } from './fields.ts';
import type { RpcContext, RpcRequest } from './method.ts';

const EMPTY_MAP = Buffer.from([0xa0]);

/** Registers a client on the connection of the call. */
export function register(request: RpcRequest, context: RpcContext): Buffer {
  const { core, auth, connection } = context;
  const name = textField(request, 'clientName');
  const groups = [...new Set(textListField(request, 'groups') ?? [])];
  const received = mapField(request, 'metadata') ?? EMPTY_MAP;
  const credential = context.credential ?? auth.authenticateByMetadata(connection, received);
  if (credential === null) {
    recordAuthFailure(context);
    return refusal('Authentication failed: a valid token is required');
  }
  const metadata = auth.cleanMetadata(received);
  const problem = checkProfile(name, groups, metadata, core.limits.maxGroups);
  if (problem !== null) {
    core.log.warnOnce('profile', 'Registration refused', { problem, remote: connection.remote });
    return refusal(problem);
  }
  const client = core.register(connection, { name, groups, metadata }, credential);
  return typeof client === 'string' ? refusal(client) : encode({ clientId: client.id, success: true });
}

function refusal(errorMessage: string): Buffer {
  return encode({ clientId: '', errorMessage, success: false });
}

/** The text of the refusal of a profile, or null. */
export function checkProfile(
  name: string | null,
  groups: readonly string[],
  metadata: Buffer,
  maxGroups: number,
): string | null {
  if (name !== null && Buffer.byteLength(name) > MAX_NAME_BYTES)
    return `clientName too long: at most ${MAX_NAME_BYTES} bytes`;
  if (groups.length > maxGroups) return `Too many groups: at most ${maxGroups}`;
  if (groups.some((group) => Buffer.byteLength(group) > MAX_NAME_BYTES)) {
    return `Group name too long: at most ${MAX_NAME_BYTES} bytes`;
  }
  if (metadata.length > MAX_METADATA_BYTES) return `Metadata too large: at most ${MAX_METADATA_BYTES} bytes`;
  return null;
}

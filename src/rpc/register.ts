import {
  type Client,
  type Identity,
  type LoginFailure,
  MAX_METADATA_BYTES,
  MAX_NAME_BYTES,
  missingForGroups,
  permissionText,
  recordForbidden,
  type SessionAnswer,
  TEXT,
} from '../router/index.ts';
import { decodeEntry, EMPTY_MAP, encode, mapEntries } from '../wire/index.ts';
import { recordAuthFailure } from './admission.ts';
import { mapField, textField, textListField } from './fields.ts';
import { type DeferredAnswer, type RpcContext, RpcError, type RpcRequest } from './method.ts';

/** The `session` field of the request: without a token a new session, otherwise the session to resume. */
interface SessionRequest {
  readonly token: string | null;
  /** Messages that the client has received in it. */
  readonly received: number;
}

interface Profile {
  readonly name: string | null;
  /** Null when the request has none. */
  readonly groups: readonly string[] | null;
  readonly metadata: Buffer | null;
}

/** The fields of a request. */
interface RegisterFields {
  readonly name: string | null;
  readonly groups: readonly string[] | null;
  readonly received: Buffer | null;
  readonly session: SessionRequest | null;
}

/** Registers a client on the connection of the call, or resumes its session. */
export function register(request: RpcRequest, context: RpcContext): Buffer | DeferredAnswer {
  const { core, auth } = context;
  const name = textField(request, 'clientName');
  const groups = textListField(request, 'groups');
  const received = mapField(request, 'metadata');
  const session = core.sessions.isEnabled ? sessionField(request) : null;
  const fields = { name, groups, received, session };
  const verification = received === null ? null : auth.prepareMetadata(received);
  if (verification === null) return complete(context, fields);
  return {
    start: (response) => {
      void verification.then(() => {
        if (response.isOver) return;
        const answer = complete(context, fields);
        response.sendChunks(answer.length, [answer]);
      });
    },
  };
}

/** Registers a client whose token is verified. */
function complete(context: RpcContext, { name, groups, received, session }: RegisterFields): Buffer {
  const { core, auth, connection } = context;
  const identity = authenticate(context, received ?? EMPTY_MAP);
  if (typeof identity === 'string') {
    recordAuthFailure(context, identity);
    return refusal(
      `Authentication failed: ${identity === 'expired' ? 'the token has expired' : 'a valid token is required'}`,
    );
  }
  const metadata = received === null ? null : auth.cleanMetadata(received);
  const profile = { name, groups: groups === null ? null : [...new Set(groups)], metadata };
  const problem = checkProfile(profile, core.limits.maxGroups);
  if (problem !== null) {
    core.log.warnOnce('profile', 'Registration refused', { problem, remote: connection.remote });
    return refusal(problem);
  }
  const refused = forbiddenGroup(context, identity, profile) ?? core.refusalOf(connection);
  if (refused !== null) return refusal(refused);
  const resumed = session === null ? null : resume(context, session, profile, identity);
  if (resumed !== null) return resumed;
  const formerId = session?.token ? core.sessions.formerId(session.token, identity) : null;
  const client = core.register(
    connection,
    { name, groups: profile.groups ?? [], metadata: metadata ?? EMPTY_MAP },
    identity,
    formerId,
  );
  return session === null ? acceptance(client) : acceptance(client, core.sessions.open(client));
}

/** The identity of a registration: of the token in its metadata, or else of the call. */
function authenticate({ auth, connection, identity }: RpcContext, metadata: Buffer): Identity | LoginFailure {
  const given = auth.authenticateByMetadata(connection, metadata);
  if (typeof given !== 'string') return given;
  return typeof identity === 'string' && given !== 'noToken' ? given : identity;
}

/** The text of the refusal when the role does not allow one of the groups; else null. */
function forbiddenGroup({ core, connection }: RpcContext, identity: Identity, { groups }: Profile): string | null {
  const missing = missingForGroups(identity.rights, groups ?? []);
  if (missing === null) return null;
  recordForbidden(core, missing, identity, { client: null, remote: connection.remote });
  return TEXT.forbidden(permissionText(missing));
}

/** Resumes a session; returns the response, or null if it cannot be resumed. */
function resume(
  { core, connection }: RpcContext,
  { token, received }: SessionRequest,
  { groups, metadata }: Profile,
  identity: Identity,
): Buffer | null {
  const change = { ...(groups !== null && { groups }), ...(metadata !== null && { metadata }) };
  const resumed = token === null ? null : core.sessions.resume(token, received, connection, identity, change);
  if (resumed === null) return null;
  core.log.info('Session resumed', {
    client: resumed.client.id,
    remote: connection.remote,
    lost: resumed.answer.lost,
  });
  return acceptance(resumed.client, resumed.answer);
}

function acceptance(client: Client, session?: SessionAnswer): Buffer {
  return encode({ clientId: client.id, session: session && { ...session }, success: true });
}

function refusal(errorMessage: string): Buffer {
  return encode({ clientId: '', errorMessage, success: false });
}

function sessionField(request: RpcRequest): SessionRequest | null {
  const map = mapField(request, 'session');
  if (map === null) return null;
  const entries = mapEntries(map, 0, map.length) ?? [];
  const token = decodeEntry(map, entries, 'token') ?? null;
  const received = decodeEntry(map, entries, 'received') ?? 0;
  if (token !== null && typeof token !== 'string')
    throw new RpcError('INVALID_ARGUMENT', 'session.token must be a text');
  if (typeof received !== 'number' || !Number.isSafeInteger(received) || received < 0) {
    throw new RpcError('INVALID_ARGUMENT', 'session.received must be an integer, 0 or more');
  }
  return { token, received };
}

/** Reason to refuse a profile; null for a valid one. */
export function checkProfile({ name, groups, metadata }: Profile, maxGroups: number): string | null {
  if (name !== null && Buffer.byteLength(name) > MAX_NAME_BYTES)
    return `clientName too long: at most ${MAX_NAME_BYTES} bytes`;
  if (groups !== null && groups.length > maxGroups) return `Too many groups: at most ${maxGroups}`;
  if (groups?.some((group) => Buffer.byteLength(group) > MAX_NAME_BYTES)) {
    return `Group name too long: at most ${MAX_NAME_BYTES} bytes`;
  }
  if (metadata !== null && metadata.length > MAX_METADATA_BYTES)
    return `Metadata too large: at most ${MAX_METADATA_BYTES} bytes`;
  return null;
}

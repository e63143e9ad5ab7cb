import {
  type Client,
  type Method,
  metadataFilter,
  type RouterCore,
  type SendQueue,
  type Session,
  type Subscription,
} from '../router/index.ts';
import type { Framing } from '../wire/index.ts';
import type { Authenticator } from './auth.ts';
import type { CallHandler, OpenHandler, ServerCall } from './call.ts';
import type { CallRequest } from './call-stream.ts';
import { sendListing } from './list-clients.ts';
import {
  checkProfile,
  InvalidField,
  integerField,
  mapField,
  respond,
  textField,
  textListField,
  UnaryHandler,
  type UnaryRequest,
} from './unary.ts';

export interface MethodDependencies {
  readonly core: RouterCore;
  readonly auth: Authenticator;
}

/** Entries of a metadata filter: each is looked up in every client. */
const MAX_FILTER_ENTRIES = 64;
const EMPTY_MAP = Buffer.from([0xa0]);

/** How each method of the service is served. */
export function createMethods(deps: MethodDependencies): Record<Method, OpenHandler> {
  const { log } = deps.core;
  const traced =
    (open: OpenHandler): OpenHandler =>
    (call, request) => {
      if (log.isDebug === true) log.debug('Call', { method: call.method, remote: call.connection.remote });
      return open(call, request);
    };
  const guarded = (open: (call: ServerCall, credential: string) => CallHandler): OpenHandler =>
    traced((call, request) => {
      const credential = authenticate(deps, call, request);
      return credential === null ? null : open(call, credential);
    });
  return {
    register: traced((call, request) => openRegister(deps, call, request)),
    ping: guarded((call) => unary(deps, call, (request) => ping(call, request))),
    getOnlineClients: guarded((call) => unary(deps, call, (request) => listClients(deps, call, request))),
    p2p: guarded((call, credential) => openP2p(deps, call, credential)),
    events: guarded((call, credential) => openEvents(deps, call, credential)),
  };
}

/** The credential of a call; null for one that was refused. */
function authenticate({ core, auth }: MethodDependencies, call: ServerCall, request: CallRequest): string | null {
  if (core.draining) {
    call.end('UNAVAILABLE', 'Router is shutting down');
    return null;
  }
  const credential = auth.authenticate(call.connection, request.authorization);
  if (credential === null) {
    refuseAuth(core, call);
    call.end('UNAUTHENTICATED', tokenRequired(auth, call));
  }
  return credential;
}

function tokenRequired(auth: Authenticator, { connection }: ServerCall): string {
  if (auth.trusts(connection)) return 'A valid token is required';
  const { proxyHeader } = connection;
  const why = proxyHeader === null ? '' : `: an HTTP proxy shares this connection (header ${proxyHeader})`;
  return `A valid token is required on every call${why}`;
}

function refuseAuth(core: RouterCore, call: ServerCall): void {
  core.counters.authFailures++;
  core.log.warnOnce('auth', 'Authentication failed', { method: call.method, remote: call.connection.remote });
}

function unary({ core }: MethodDependencies, call: ServerCall, run: (request: UnaryRequest) => void): UnaryHandler {
  return new UnaryHandler(call, {
    maxMessageBytes: core.limits.maxMessageBytes,
    holdBytes: (change) => core.halfReceived.hold(change),
    run: (request) => {
      try {
        run(request);
      } catch (error) {
        if (!(error instanceof InvalidField)) throw error;
        call.end('INVALID_ARGUMENT', error.message);
      }
    },
  });
}

function ping(call: ServerCall, request: UnaryRequest): void {
  respond(call, request.framing, { serverTimestamp: Date.now(), timestamp: integerField(request, 'v') });
}

function openRegister(deps: MethodDependencies, call: ServerCall, request: CallRequest): CallHandler | null {
  if (deps.core.draining) {
    call.end('UNAVAILABLE', 'Router is shutting down');
    return null;
  }
  const credential = deps.auth.authenticate(call.connection, request.authorization);
  return unary(deps, call, (request) => register(deps, call, request, credential));
}

function register(
  { core, auth }: MethodDependencies,
  call: ServerCall,
  request: UnaryRequest,
  byHeader: string | null,
): void {
  const name = textField(request, 'clientName');
  const groups = [...new Set(textListField(request, 'groups') ?? [])];
  const given = mapField(request, 'metadata') ?? EMPTY_MAP;
  const refuse = (errorMessage: string): void =>
    respond(call, request.framing, { clientId: '', errorMessage, success: false });
  const credential = byHeader ?? auth.authenticateByMetadata(call.connection, given);
  if (credential === null) {
    refuseAuth(core, call);
    refuse('Authentication failed: a valid token is required');
    return;
  }
  const metadata = auth.cleanMetadata(given);
  const problem = checkProfile(name, groups, metadata, core.limits.maxGroups);
  if (problem !== null)
    core.log.warnOnce('profile', 'Registration refused', { problem, remote: call.connection.remote });
  const client: Client | string = problem ?? core.register(call.connection, { name, groups, metadata }, credential);
  if (typeof client === 'string') refuse(client);
  else respond(call, request.framing, { clientId: client.id, success: true });
}

function listClients({ core }: MethodDependencies, call: ServerCall, request: UnaryRequest): void {
  const groups = textListField(request, 'groups');
  const metadata = mapField(request, 'metadata');
  const wanted = metadata === null ? null : metadataFilter(metadata);
  if ((wanted?.length ?? 0) > MAX_FILTER_ENTRIES) {
    throw new InvalidField(`metadata must have at most ${MAX_FILTER_ENTRIES} entries`);
  }
  sendListing(core, call, request.framing, {
    groups: groups === null || groups.length === 0 ? null : new Set(groups),
    metadata: wanted,
  });
}

/** Lets the transport drive a p2p stream of the core. */
function openP2p({ core }: MethodDependencies, call: ServerCall, credential: string): Session {
  call.sendHeaders();
  return core.openStream(call.connection, call, credential);
}

/** Subscribes on the request message, whose content is ignored, or at its end. */
class EventsHandler extends UnaryHandler {
  subscription: Subscription | null = null;

  override get queue(): SendQueue | null {
    return this.subscription?.queue ?? null;
  }

  override closed(): void {
    super.closed();
    this.subscription?.closed();
  }
}

function openEvents({ core }: MethodDependencies, call: ServerCall, credential: string): CallHandler {
  const subscribe = (framing: Framing): void => {
    call.sendHeaders();
    handler.subscription = core.subscribe({ connection: call.connection, outlet: call, framing, credential });
  };
  const handler = new EventsHandler(call, {
    maxMessageBytes: core.limits.maxMessageBytes,
    holdBytes: (change) => core.halfReceived.hold(change),
    run: (request) => subscribe(request.framing),
  });
  return handler;
}

import type {
  EndStatus,
  Identity,
  LoginFailure,
  Permission,
  RouterConnection,
  RouterCore,
  Session,
  StreamTransport,
  Subscription,
} from '../router/index.ts';
import type { Entry, Framing } from '../wire/index.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';

/** The connection of a call, as authentication and handlers use it. */
export interface RpcConnection extends RouterConnection {
  /** Principal of the calls without a token of their own; null until a valid token was presented. */
  identity: Identity | null;
  /** Further principals, by `Identity.principal`; created on demand. */
  identities: Map<string, Identity> | null;
  /** True if it carries the calls of one client, also behind an HTTP proxy: a WebSocket. */
  readonly isExclusive: boolean;
  /** Limits the listings in progress; created on demand. */
  listings: ConcurrencyLimiter | null;
}

/** Authenticates calls. */
export interface RpcAuthenticator {
  /** False when calls of several clients may share `connection`, so that each needs its own token. */
  trusts(connection: RpcConnection): boolean;
  /** The identity of a call, by its `authorization` header or its connection. */
  authenticate(connection: RpcConnection, authorization: string | null): Identity | LoginFailure;
  /** Verifies the token in a metadata map; call `authenticateByMetadata` then, or at once for null. */
  prepareMetadata(metadata: Buffer): Promise<void> | null;
  /** The identity of a call, by the token in a metadata map. */
  authenticateByMetadata(connection: RpcConnection, metadata: Buffer): Identity | LoginFailure;
  /** Returns the metadata map without the token. */
  cleanMetadata(metadata: Buffer): Buffer;
}

/** Shared by all calls. */
export interface RpcServices {
  readonly core: RouterCore;
  readonly auth: RpcAuthenticator;
  /** Spreads the slices of all listings over event-loop ticks. */
  readonly listingSlices: { run(slice: () => void): void };
}

/** One admitted call. */
export interface RpcContext extends RpcServices {
  readonly method: RpcMethod;
  readonly connection: RpcConnection;
  /** A failure is possible only for methods with `auth: 'metadata'`. */
  readonly identity: Identity | LoginFailure;
}

/** The request of a unary call: a CBOR map with text keys. */
export interface RpcRequest {
  readonly bytes: Buffer;
  readonly entries: readonly Entry[];
}

/** The part of a call that a deferred response uses. */
export interface RpcResponse {
  /** True when the call is over: a response would not be sent. */
  readonly isOver: boolean;
  onClosed(run: () => void): void;
  /** Sends a message of `bodyBytes` in chunks, each when the previous one is written. */
  sendChunks(bodyBytes: number, chunks: Iterable<Buffer>): void;
}

/** A response that takes more than one event-loop tick. */
export interface DeferredAnswer {
  start(response: RpcResponse): void;
}

/** Ends a call with a status other than OK. */
export class RpcError extends Error {
  readonly status: EndStatus;

  constructor(status: EndStatus, details: string) {
    super(details);
    this.status = status;
  }
}

/**
 * `required`: the call needs a valid token. `metadata`: the handler also accepts a token in the metadata, the only place
 * where an unmodified Dart client can put it.
 */
export type RpcAuth = 'required' | 'metadata';

interface MethodBase {
  readonly name: string;
  readonly auth: RpcAuth;
  /** Needed by every call of the method; methods without may need some for parts of a call. */
  readonly permission?: Permission;
}

export interface UnaryMethod extends MethodBase {
  readonly kind: 'unary';
  /** Returns the CBOR bytes of the answer; throws RpcError. */
  readonly handler: (request: RpcRequest, context: RpcContext) => Buffer | DeferredAnswer;
}

/** A bidirectional stream of messages. */
export interface P2pMethod extends MethodBase {
  readonly kind: 'p2p';
  readonly handler: (transport: StreamTransport, context: RpcContext) => Session;
}

/** A stream of events that starts with the request message, whose content is ignored. */
export interface EventsMethod extends MethodBase {
  readonly kind: 'events';
  readonly handler: (transport: StreamTransport, framing: Framing, context: RpcContext) => Subscription;
}

export type RpcMethod = UnaryMethod | P2pMethod | EventsMethod;

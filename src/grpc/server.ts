import type { AddressInfo } from 'node:net';
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { CloseReason, Counters, Method, RouterCore, RouterLog } from '../router/index.ts';
import { METHODS } from '../router/index.ts';
import type { Authenticator } from './auth.ts';
import { type BaseCall, http2StreamOf, type OpenHandler, RouterCall } from './call.ts';
import type { Connection } from './connection.ts';
import { Listener } from './listener.ts';
import { createMethods } from './methods.ts';
import type { TlsMaterial } from './tls.ts';

export interface GrpcServerOptions {
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxSendQueueBytes: number;
  /** `direct` reads and writes each call's Http2Stream; `public` stays with what grpc-js documents. */
  readonly transport: 'direct' | 'public';
}

export interface GrpcServerDependencies {
  readonly core: RouterCore;
  readonly auth: Authenticator;
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly maxConnections: () => number;
  readonly options: GrpcServerOptions;
  readonly tls: TlsMaterial | null;
}

/** Streams that one connection may have open at a time: a client needs a handful, and a hundred may share a connection. */
const MAX_STREAMS_PER_CONNECTION = 512;
/** How much too large a message may be for grpc-js to let it through; only the public transport asks it. */
const OVERSIZE_SLACK_BYTES = 64 * 1024;
const SERVICE_PATH = '/router/';
const HEALTH_SERVICE = 'router';

/** The router's gRPC server: accepts connections, serves the five methods and gRPC's health service. */
export class GrpcServer {
  readonly listener: Listener;
  private readonly deps: GrpcServerDependencies;
  private readonly methods: Record<Method, OpenHandler>;
  private readonly health = new HealthImplementation({ '': 'NOT_SERVING', [HEALTH_SERVICE]: 'NOT_SERVING' });
  private readonly server: Server;
  private readonly injector: ConnectionInjector;
  private direct: boolean;

  constructor(deps: GrpcServerDependencies) {
    this.deps = deps;
    this.direct = deps.options.transport === 'direct';
    this.methods = createMethods({ core: deps.core, auth: deps.auth });
    this.server = new Server({ ...serverOptions(deps.options), interceptors: [this.interceptor()] });
    this.server.addService(serviceDefinition(), serviceImplementation());
    this.health.addToServer(this.server);
    // TLS is taken off before connections come here, so grpc-js sees plain ones
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    this.listener = new Listener(
      {
        log: deps.log,
        counters: deps.counters,
        injector: this.injector,
        maxConnections: deps.maxConnections,
        options: () => ({
          handshakeTimeoutMs: deps.options.handshakeTimeoutMs,
          preambleIdleMs: deps.options.keepaliveIntervalMs,
        }),
        onClosed: (connection, reason) => {
          const stopping = deps.core.draining && reason === 'connectionLost';
          deps.core.connectionClosed(connection, stopping ? 'shutdown' : reason);
        },
      },
      deps.tls,
    );
  }

  /** Binds and serves. Rejects with Node's error when the address cannot be bound. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    const address = await this.listener.listen(host, port);
    this.setHealth('SERVING');
    return address;
  }

  /** Says NOT_SERVING and takes no more connections; those that exist go on. */
  startDraining(): void {
    this.setHealth('NOT_SERVING');
    this.listener.stopAccepting();
  }

  /** Says good-bye (GOAWAY) on every connection; each closes once nothing is open on it. */
  closeSessions(): void {
    this.injector.destroy();
  }

  get connectionCount(): number {
    return this.listener.connections.count;
  }

  /** Cuts what is left and lets go of everything. */
  destroy(reason: CloseReason): void {
    this.listener.stopAccepting();
    this.listener.destroyAll(reason);
    this.server.forceShutdown();
  }

  /** Cuts connections that hold no valid proof any more; returns how many. */
  enforceTokens(): number {
    const revoked = this.listener.connections.newestFirst().filter((open) => !this.deps.auth.holdsValidProof(open));
    this.listener.close(revoked, 'tokenRevoked');
    return revoked.length;
  }

  private setHealth(status: 'SERVING' | 'NOT_SERVING'): void {
    this.health.setStatus('', status);
    this.health.setStatus(HEALTH_SERVICE, status);
  }

  private interceptor(): ServerInterceptor {
    return (method, base) => {
      const name = methodOf(method.path);
      if (name === null) return new ServerInterceptingCall(base);
      const connection = this.connectionOf(base);
      if (connection === null) return new ServerInterceptingCall(base);
      const stream = this.direct ? http2StreamOf(base) : null;
      if (stream === null && this.direct) this.fallBack();
      const call = new RouterCall(base, name, connection, this.deps.counters, stream);
      return new ServedCall(base, () => call.serve(this.methods[name]));
    };
  }

  /** Null when the connection is gone already. */
  private connectionOf(call: BaseCall): Connection | null {
    return this.listener.connections.find(call.getHost(), call.getConnectionInfo()) ?? null;
  }

  private fallBack(): void {
    this.direct = false;
    this.deps.log.warnOnce(
      'transport',
      'This version of grpc-js is not the expected one: messages take the slower way',
    );
  }
}

/** What grpc-js starts in place of the call it made; its own handler of the method is never reached. */
class ServedCall extends ServerInterceptingCall {
  private readonly serve: () => void;

  constructor(base: BaseCall, serve: () => void) {
    super(base);
    this.serve = serve;
  }

  override start(): void {
    this.serve();
  }
}

function methodOf(path: string): Method | null {
  if (!path.startsWith(SERVICE_PATH)) return null;
  return METHODS.find((method) => path.length === SERVICE_PATH.length + method.length && path.endsWith(method)) ?? null;
}

function serverOptions(options: GrpcServerOptions): ConstructorParameters<typeof Server>[0] {
  return {
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': options.keepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    // beyond our own limit, so that a message that is too large is refused, and counted, by us
    'grpc.max_receive_message_length': options.maxMessageBytes + OVERSIZE_SLACK_BYTES,
    'grpc.max_send_message_length': -1,
    // in MB; below it a full send queue would make node:http2 refuse the same client's next stream
    'grpc-node.max_session_memory': Math.max(64, Math.ceil((4 * options.maxSendQueueBytes) / 1e6)),
  } as ConstructorParameters<typeof Server>[0];
}

const identity = (bytes: Buffer): Buffer => bytes;

/** All methods as streams of bytes: what they mean is decided in methods.ts. */
function serviceDefinition(): Parameters<Server['addService']>[0] {
  return Object.fromEntries(
    METHODS.map((method) => [
      method,
      {
        path: SERVICE_PATH + method,
        requestStream: true,
        responseStream: true,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    ]),
  );
}

/** Reached only by calls whose connection was gone before they began. */
function serviceImplementation(): Parameters<Server['addService']>[1] {
  const end = (call: { end: () => void }): void => call.end();
  return Object.fromEntries(METHODS.map((method) => [method, end])) as unknown as Parameters<Server['addService']>[1];
}

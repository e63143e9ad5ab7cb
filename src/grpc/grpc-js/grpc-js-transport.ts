import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { Connection } from '../../net/index.ts';
import { TickQueue } from '../../net/index.ts';
import type { Transport, TransportDependencies, TransportOptions } from '../transport.ts';
import { type BaseCall, GrpcJsStream } from './grpc-js-stream.ts';
import { PrefaceReader } from './preface-reader.ts';
import { RequestGate } from './request-gate.ts';

const MAX_STREAMS_PER_CONNECTION = 512;
/** grpc-js accepts messages up to this much above the limit, so that the router refuses and counts them. */
const OVERSIZE_SLACK_BYTES = 64 * 1024;
/** Connections passed to grpc-js per event-loop tick: about one millisecond. */
const INJECTIONS_PER_TICK = 2;
/** Calls of `checkTimeouts` per second. */
const CHECKS_PER_SECOND = 10;

interface InjectedConnection {
  readonly connection: Connection;
  readonly gate: RequestGate;
}

/**
 * gRPC by grpc-js, through its public interface only: several times slower than the router's own HTTP/2, and an independent
 * second implementation to compare with. The router owns the sockets, so connections are passed to grpc-js by its
 * connection injector.
 */
export class GrpcJsTransport implements Transport {
  private readonly deps: TransportDependencies;
  private readonly server: Server;
  private readonly injector: ConnectionInjector;
  private readonly injections = new TickQueue(INJECTIONS_PER_TICK);
  /** Connections passed to grpc-js, by the `:authority` that their gate writes into every request. */
  private readonly byAuthority = new Map<string, InjectedConnection>();
  private checks = 0;

  /** `paths`: of all methods that `deps.openCall` serves. */
  constructor(deps: TransportDependencies, paths: readonly string[]) {
    this.deps = deps;
    this.server = new Server({ ...serverOptions(deps.options), interceptors: [this.interceptor()] });
    this.server.addService(serviceDefinition(paths), serviceImplementation(paths));
    // the listener terminates TLS
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Passes the connection to grpc-js after the client preface. */
  serve(connection: Connection, socket: Socket): void {
    new PrefaceReader(socket, {
      handshakeTimeoutMs: this.deps.options.handshakeTimeoutMs,
      onReady: () => this.injections.run(() => this.inject(connection, socket)),
      onFailed: (reason, details) => {
        this.deps.reportRefused(reason, connection.remote, details);
        socket.destroy();
        connection.socket.destroy();
      },
    });
  }

  /** grpc-js sends keepalive pings itself. Once a second, connections that node:http2 stopped reading are checked for EOF. */
  checkTimeouts(): void {
    this.checks = (this.checks + 1) % CHECKS_PER_SECOND;
    if (this.checks !== 0) return;
    for (const { gate } of this.byAuthority.values()) gate.checkEnd();
  }

  gracefulShutdown(): void {
    this.injector.destroy();
  }

  destroy(): void {
    this.server.forceShutdown();
    this.byAuthority.clear();
  }

  private inject(connection: Connection, socket: Socket): void {
    if (socket.destroyed) return;
    // unguessable, so that no client can claim to be on another connection
    const authority = randomBytes(16).toString('hex');
    const gate = new RequestGate(socket, authority, this.deps.closeQueue);
    this.byAuthority.set(authority, { connection, gate });
    socket.once('close', () => this.byAuthority.delete(authority));
    this.injector.injectConnection(gate);
  }

  private interceptor(): ServerInterceptor {
    return ({ path }, base) => {
      const injected = this.byAuthority.get(base.getHost());
      // the connection has closed in the meantime
      if (injected === undefined) return new ServerInterceptingCall(base);
      return new InterceptedCall(base, () => {
        const stream = new GrpcJsStream(base, injected.gate, (carrier, headers) =>
          this.deps.openCall(injected.connection, carrier, { path, ...headers }),
        );
        stream.start();
      });
    };
  }
}

/** Replaces the call that grpc-js created, so that its own handler of the method is never called. */
class InterceptedCall extends ServerInterceptingCall {
  private readonly serve: () => void;

  constructor(base: BaseCall, serve: () => void) {
    super(base);
    this.serve = serve;
  }

  override start(): void {
    this.serve();
  }
}

function serverOptions(options: TransportOptions): ConstructorParameters<typeof Server>[0] {
  return {
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': options.keepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    'grpc.max_receive_message_length': options.maxMessageBytes + OVERSIZE_SLACK_BYTES,
    'grpc.max_send_message_length': -1,
    // in MB; below it a full send queue would make node:http2 refuse the same client's next stream
    'grpc-node.max_session_memory': Math.max(64, Math.ceil((4 * options.maxSendQueueBytes) / 1e6)),
  } as ConstructorParameters<typeof Server>[0];
}

const identity = (bytes: Buffer): Buffer => bytes;

/** All methods as bidirectional streams of bytes; the router decodes them. */
function serviceDefinition(paths: readonly string[]): Parameters<Server['addService']>[0] {
  return Object.fromEntries(
    paths.map((path) => [
      path,
      {
        path,
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

/** Called only for calls whose connection closed before they started. */
function serviceImplementation(paths: readonly string[]): Parameters<Server['addService']>[1] {
  const end = (call: { end: () => void }): void => call.end();
  return Object.fromEntries(paths.map((path) => [path, end])) as unknown as Parameters<Server['addService']>[1];
}

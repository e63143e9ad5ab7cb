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
import { type BaseCall, PublicStream } from './grpc-js-stream.ts';
import { Preamble } from './preamble.ts';
import { RequestGate } from './request-gate.ts';

const MAX_STREAMS_PER_CONNECTION = 512;
/** How much too large a message may be for grpc-js to let it through. */
const OVERSIZE_SLACK_BYTES = 64 * 1024;
/** Connections that are handed to grpc-js in one turn of the event loop: about a millisecond. */
const OPENED_PER_TURN = 2;

/**
 * Serves connections by grpc-js, through nothing but its public interface: several times slower than the router's own HTTP/2,
 * and an independent way to the same service. Connections come in through its injector, since the router owns the sockets.
 */
export class PublicTransport implements Transport {
  private readonly deps: TransportDependencies;
  private readonly server: Server;
  private readonly injector: ConnectionInjector;
  private readonly opening = new TickQueue(OPENED_PER_TURN);
  /** Those that grpc-js has: before that, a socket that is read would be handed over with an error. */
  private readonly injected = new WeakSet<Connection>();
  private turn = 0;

  /** `paths`: those of all methods that `deps.openCall` serves. */
  constructor(deps: TransportDependencies, paths: readonly string[]) {
    this.deps = deps;
    this.server = new Server({ ...serverOptions(deps.options), interceptors: [this.interceptor()] });
    this.server.addService(serviceDefinition(paths), serviceImplementation(paths));
    // TLS is taken off before connections come here, so grpc-js sees plain ones
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Waits for the client preface, then hands the connection to grpc-js. */
  serve(connection: Connection, socket: Socket): void {
    new Preamble(socket, {
      handshakeTimeoutMs: this.deps.options.handshakeTimeoutMs,
      onReady: () => this.opening.run(() => this.inject(connection, socket)),
      onFailed: (reason, details) => {
        this.deps.reportRefused(reason, connection.remote, details);
        socket.destroy();
        connection.socket.destroy();
      },
    });
  }

  /**
   * Lets connections that node:http2 has given up on notice their end. After a connection error it says GOAWAY and stops
   * reading, without a word to anybody, and so does not see the peer's FIN.
   */
  checkTimeouts(): void {
    this.turn = (this.turn + 1) % 10;
    if (this.turn !== 0) return;
    for (const connection of this.deps.connections.newestFirst()) {
      if (this.injected.has(connection)) startReading(connection.socket);
    }
  }

  gracefulShutdown(): void {
    this.injector.destroy();
  }

  destroy(): void {
    this.server.forceShutdown();
  }

  private inject(connection: Connection, socket: Socket): void {
    if (socket.destroyed) return;
    this.injected.add(connection);
    this.injector.injectConnection(new RequestGate(socket, this.deps.connections.addSecret(connection)));
  }

  private interceptor(): ServerInterceptor {
    return ({ path }, base) => {
      // undefined when the connection is gone already
      const connection = this.deps.connections.find(base.getHost(), base.getConnectionInfo());
      if (connection === undefined) return new ServerInterceptingCall(base);
      return new ServedCall(base, () => {
        const stream = new PublicStream(base, (carrier, headers) =>
          this.deps.openCall(connection, carrier, { path, ...headers }),
        );
        stream.start();
      });
    };
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

function serverOptions(options: TransportOptions): ConstructorParameters<typeof Server>[0] {
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

/** All methods as streams of bytes: what they mean is decided elsewhere. */
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

/** Reached only by calls whose connection was gone before they began. */
function serviceImplementation(paths: readonly string[]): Parameters<Server['addService']>[1] {
  const end = (call: { end: () => void }): void => call.end();
  return Object.fromEntries(paths.map((path) => [path, end])) as unknown as Parameters<Server['addService']>[1];
}

/** Reads on where nothing is read, by a handle that Node does not declare public; changes nothing where it is read. */
function startReading(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle?: { readStart?: () => number } | null };
  handle?.readStart?.();
}

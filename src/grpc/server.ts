import type { AddressInfo, BlockList } from 'node:net';
import type { Authenticator } from '../access/index.ts';
import type { Connection, NodeInternals, TlsMaterial } from '../net/index.ts';
import { Listener, TickQueue } from '../net/index.ts';
import type { CloseReason, RouterCore } from '../router/index.ts';
import { METHOD_BY_PATH, type RpcMethod, SERVICE, SERVICE_NAME } from '../rpc/index.ts';
import { type OpenHandler, ServerCall } from './call.ts';
import type { CallRequest, CallStream } from './call-stream.ts';
import { Health } from './health.ts';
import { Http2Transport } from './http2-transport.ts';
import { openMethod } from './methods.ts';
import { ReassemblyBudget } from './reassembly-budget.ts';
import { TokenEnforcement } from './token-enforcement.ts';
import type { Http1Transport, Transport, TransportDependencies, TransportOptions } from './transport.ts';

export interface GrpcServerOptions extends TransportOptions {
  /** `http2`: the router's own HTTP/2. `grpc-js`: grpc-js through its public interface. */
  readonly transport: 'http2' | 'grpc-js';
}

export interface GrpcServerDependencies {
  readonly core: RouterCore;
  readonly auth: Authenticator;
  readonly maxConnections: () => number;
  readonly maxConnectionsPerAddress: () => number;
  readonly trustedProxies: BlockList | null;
  readonly options: GrpcServerOptions;
  readonly tls: TlsMaterial | null;
  readonly internals: NodeInternals;
  /** Serves HTTP/1 connections; null without. */
  readonly createHttp1: ((deps: TransportDependencies) => Http1Transport) | null;
}

/** The router's gRPC server: accepts connections, serves the five methods and gRPC's health service. */
export class GrpcServer {
  readonly listener: Listener;
  readonly tokens: TokenEnforcement;
  private readonly deps: GrpcServerDependencies;
  private readonly methods: ReadonlyMap<RpcMethod, OpenHandler>;
  private readonly health = new Health(['', SERVICE_NAME]);
  /** Null until the server listens. */
  private transport: Transport | null = null;
  private http1: Http1Transport | null = null;
  private readonly memory: ReassemblyBudget;

  constructor(deps: GrpcServerDependencies) {
    this.deps = deps;
    const { core, auth, options } = deps;
    this.memory = new ReassemblyBudget(core.budget, () => core.clock.monotonicMs());
    const services = { core, auth, memory: this.memory, listingSlices: new TickQueue(1) };
    this.methods = new Map(SERVICE.map((method) => [method, openMethod(services, method)]));
    this.listener = new Listener(
      {
        log: core.log,
        counters: core.counters,
        maxConnections: deps.maxConnections,
        maxConnectionsPerAddress: deps.maxConnectionsPerAddress,
        trustedProxies: deps.trustedProxies,
        handshakeTimeoutMs: options.handshakeTimeoutMs,
        internals: deps.internals,
        alpnProtocols: deps.createHttp1 === null ? ['h2'] : ['h2', 'http/1.1'],
        serve: (connection, socket) => this.transport?.serve(connection, socket),
        onClosed: (connection, reason) => {
          const stopping = core.draining && reason === 'connectionLost';
          core.connectionClosed(connection, stopping ? 'shutdown' : reason);
        },
      },
      deps.tls,
    );
    this.tokens = new TokenEnforcement({ core, auth, listener: this.listener });
  }

  /** Serves connections once `listen` has made the listener listen. Rejects as `listen` does. */
  async listen(listen: (listener: Listener) => Promise<AddressInfo>): Promise<AddressInfo> {
    this.transport = await this.createTransport();
    const address = await listen(this.listener);
    this.health.serving = true;
    return address;
  }

  /** Call every 100 ms. Sends keepalive pings and closes dead connections. */
  checkTimeouts(): void {
    this.transport?.checkTimeouts();
    this.http1?.checkTimeouts();
  }

  /** Reports NOT_SERVING and refuses new connections. Existing ones are not affected. */
  startDraining(): void {
    this.health.serving = false;
    this.listener.stopAccepting();
  }

  /** Sends GOAWAY or a close frame on every connection; each closes when its last stream ends. */
  gracefulShutdown(): void {
    this.health.close();
    this.transport?.gracefulShutdown();
    this.http1?.gracefulShutdown();
  }

  get connectionCount(): number {
    return this.listener.connections.count;
  }

  /** Destroys the remaining connections and releases all resources. */
  destroy(reason: CloseReason): void {
    this.listener.stopAccepting();
    this.listener.destroyAll(reason);
    this.transport?.destroy();
    this.http1?.destroy();
  }

  private async createTransport(): Promise<Transport> {
    const { core, options, internals } = this.deps;
    const { listener } = this;
    const shared: Omit<TransportDependencies, 'http1'> = {
      options,
      internals,
      newConnectionQueue: listener.newConnectionQueue,
      closeQueue: listener.closeQueue,
      writeDeadlineMs: () => core.limits.writeDeadlineMs,
      reserveBytes: (change) => this.memory.reserve(change),
      openCall: (connection, stream, request) => this.openCall(connection, stream, request),
      reportRefused: (reason, remote, details) => listener.reportRefused(reason, remote, details),
      reportTerminated: (reason, remote, details) => listener.reportTerminated(reason, remote, details),
    };
    this.http1 = this.deps.createHttp1?.({ ...shared, http1: null }) ?? null;
    const deps: TransportDependencies = { ...shared, http1: this.http1 };
    if (options.transport === 'http2') return new Http2Transport(deps);
    // loaded on demand: grpc-js takes as long to load as Node.js itself
    const { GrpcJsTransport } = await import('./grpc-js/grpc-js-transport.ts');
    return new GrpcJsTransport(deps, [...METHOD_BY_PATH.keys(), ...this.health.methods.keys()]);
  }

  private openCall(connection: Connection, stream: CallStream, request: CallRequest): ServerCall | null {
    if (request.proxyHeader !== null) this.recordProxy(connection, request.proxyHeader);
    const method = METHOD_BY_PATH.get(request.path) ?? null;
    const open = method === null ? this.health.methods.get(request.path) : this.methods.get(method);
    if (open === undefined) return null;
    const call = new ServerCall(stream, method, connection, this.deps.core.counters);
    const verification = method === null ? null : this.deps.auth.prepare(request.authorization);
    if (verification === null) call.serve(open, request);
    else call.serveAfter(verification, open, request);
    return call;
  }

  private recordProxy(connection: Connection, header: string): void {
    if (connection.proxyHeader !== null) return;
    connection.proxyHeader = header;
    if (this.deps.auth.scope === 'call') return;
    this.deps.core.log.warnOnce('proxy', 'Requests come through an HTTP proxy: clients cannot bind; use a TCP proxy', {
      header,
      remote: connection.remote,
    });
  }
}

import { constants } from 'node:crypto';
import { type AddressInfo, type BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { CloseReason, Counters, RefuseReason, RouterLog } from '../router/index.ts';
import { AddressCount } from './address-count.ts';
import { Connection, Connections, remoteOf } from './connection.ts';
import { throttleAccepts } from './node-internals/accept-queue.ts';
import type { NodeInternals } from './node-internals/capabilities.ts';
import { rawSocketOf } from './node-internals/tls-parent.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import { throttleResets } from './reset-throttle.ts';
import { TickQueue } from './tick-queue.ts';
import type { TlsMaterial } from './tls.ts';
import { TlsHandshakes } from './tls-handshakes.ts';

export interface ListenerDependencies {
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly maxConnections: () => number;
  /** Limit per IPv4 address or /64 network of IPv6; 0 for none. */
  readonly maxConnectionsPerAddress: () => number;
  /** Addresses whose connections start with a PROXY protocol header; null without the PROXY protocol. */
  readonly trustedProxies: BlockList | null;
  readonly handshakeTimeoutMs: number;
  readonly internals: NodeInternals;
  /** Protocols to select from in a TLS handshake (ALPN), in order of preference. */
  readonly alpnProtocols: readonly string[];
  /** Serves a connection. `socket` carries its plaintext: the connection's own socket, or the TLS socket on top of it. */
  readonly serve: (connection: Connection, socket: Socket) => void;
  readonly onClosed: (connection: Connection, reason: CloseReason) => void;
}

/** Called for each accepted connection with the number of open and accepted ones. */
export type AdmissionObserver = (admitted: number) => void;

/** TLS 1.2 renegotiation costs the server much more than the client, and HTTP/2 forbids it (RFC 9113, section 9.2.1). */
const SECURE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION;
const LISTEN_BACKLOG = 4096;
/** Connections accepted, first requests served and connections closed per event-loop tick: one millisecond each. */
const ACCEPTS_PER_TICK = 8;
const NEW_CONNECTIONS_PER_TICK = 8;
const CLOSES_PER_TICK = 20;
/** Time to send the remaining data to a TLS client that has half-closed. */
const TLS_CLOSE_TIMEOUT_MS = 1000;

/** Accepts connections, counts and limits them, terminates TLS and passes them to `serve`. Owns the sockets until they close. */
export class Listener {
  readonly connections = new Connections();
  /** Spreads the first requests of new connections over event-loop ticks. */
  readonly newConnectionQueue = new TickQueue(NEW_CONNECTIONS_PER_TICK);
  /** Spreads the closing of many connections over event-loop ticks. */
  readonly closeQueue = new TickQueue(CLOSES_PER_TICK);
  private readonly deps: ListenerDependencies;
  private readonly server: Server;
  private readonly tlsServer: ReturnType<typeof createTlsServer> | null;
  private readonly acceptQueue = new TickQueue(ACCEPTS_PER_TICK);
  private readonly handshakes = new TlsHandshakes();
  /** Of the connections beyond their PROXY header. */
  private readonly addresses = new AddressCount();
  private draining = false;
  /** Connections that the system has accepted and `accept` has not processed. */
  private pendingAccepts = 0;
  private observeAdmission: AdmissionObserver | null = null;

  constructor(deps: ListenerDependencies, tls: TlsMaterial | null) {
    this.deps = deps;
    this.server = createServer({ noDelay: true, pauseOnConnect: false }, (socket) => this.accept(socket));
    this.tlsServer = tls === null ? null : this.createTls(tls);
  }

  /** Binds; rejects with Node's error (`EADDRINUSE`, `EACCES`, …). */
  listen(host: string, port: number): Promise<AddressInfo> {
    return this.open((onListening) => this.server.listen({ host, port, backlog: LISTEN_BACKLOG }, onListening));
  }

  /** Listens on a socket that the parent process has bound; again after `pauseAccepting`. */
  listenOn(handle: object, observeAdmission: AdmissionObserver): Promise<AddressInfo> {
    this.observeAdmission = observeAdmission;
    return this.open((onListening) => this.server.listen(handle, LISTEN_BACKLOG, onListening));
  }

  /** Leaves new connections to the other processes that listen on the socket. Existing ones are not affected. */
  pauseAccepting(): void {
    this.server.close();
  }

  /** Open connections, and accepted ones that are not served yet. */
  get admitted(): number {
    return this.connections.count + this.pendingAccepts;
  }

  private open(listen: (onListening: () => void) => void): Promise<AddressInfo> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      listen(() => {
        server.off('error', reject);
        const { acceptQueue } = this.deps.internals;
        if (acceptQueue) throttleAccepts(server, this.acceptQueue, () => this.countAccepted());
        // for example out of file descriptors; existing connections are not affected
        if (server.listenerCount('error') === 0) server.on('error', (error) => this.reportError(error));
        resolve(server.address() as AddressInfo);
      });
    });
  }

  private countAccepted(): void {
    this.pendingAccepts++;
    this.observeAdmission?.(this.admitted);
  }

  private reportError({ message }: Error): void {
    this.deps.log.warnOnce('listener', 'Listener error', { error: message });
  }

  /** Uses `tls` for the handshakes of new connections. */
  replaceTls(tls: TlsMaterial): void {
    this.tlsServer?.setSecureContext({
      key: tls.key,
      cert: tls.cert,
      ca: tls.clientCa ?? undefined,
      secureOptions: SECURE_OPTIONS,
    });
  }

  /** Refuses new connections. */
  stopAccepting(): void {
    this.draining = true;
    this.server.close();
  }

  /** Closes the newest connections beyond `limit`; returns how many. */
  enforceLimit(limit: number): number {
    const excess = Math.max(0, this.connections.count - limit);
    this.close(this.connections.newestFirst().slice(0, excess), 'connectionLimitLowered');
    return excess;
  }

  /** Destroys `connections`, a few per event-loop tick. */
  close(connections: readonly Connection[], reason: CloseReason): void {
    for (const connection of connections) this.closeQueue.run(() => connection.destroy(reason));
  }

  /** Destroys all remaining connections. */
  destroyAll(reason: CloseReason): void {
    for (const connection of this.connections.newestFirst()) connection.destroy(reason);
  }

  private createTls(tls: TlsMaterial): ReturnType<typeof createTlsServer> {
    const server = createTlsServer({
      key: tls.key,
      cert: tls.cert,
      secureOptions: SECURE_OPTIONS,
      ...(tls.clientCa === null ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
      ALPNProtocols: [...this.deps.alpnProtocols],
      handshakeTimeout: this.deps.handshakeTimeoutMs,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', ignoreError); // every error is followed by close
      const connection = this.handshakes.take(socket);
      if (connection === undefined) {
        socket.destroy();
        return;
      }
      // a TLSSocket sometimes never finishes sending its close_notify
      socket.once('end', () => {
        // a half-open socket is destroyed by its reader, once that has read everything
        if (!socket.allowHalfOpen) setTimeout(() => connection.socket.destroy(), TLS_CLOSE_TIMEOUT_MS).unref();
      });
      throttleResets(socket, this.closeQueue);
      this.deps.serve(connection, socket);
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.on('error', ignoreError);
      this.onHandshakeError(error, socket);
      socket.destroy();
    });
    return server;
  }

  private onHandshakeError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const isTimeout = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
    const raw = this.deps.internals.tlsParent ? rawSocketOf(socket) : null;
    // a load balancer's port check connects and closes without sending anything
    const connection = raw === null ? this.handshakes.find(socket) : this.handshakes.of(raw);
    if (isTimeout || (raw !== null && connection?.hasSentData === true)) {
      const remote = connection?.remote ?? remoteOf(raw ?? socket);
      this.reportRefused(isTimeout ? 'handshakeTimeout' : 'tlsError', remote, error.message);
      this.handshakes.take(socket);
    }
  }

  /** Reports a failed handshake where `_parent` is not used: a closed TLS socket has no address, so it cannot be matched. */
  private onHandshakeFailed(connection: Connection): void {
    if (this.deps.internals.tlsParent || !connection.hasSentData) return;
    this.reportRefused('tlsError', connection.remote, 'TLS handshake failed');
  }

  private accept(socket: Socket): void {
    if (this.pendingAccepts > 0) this.pendingAccepts--;
    const limit = this.deps.maxConnections();
    if (this.draining || this.connections.count >= limit) {
      this.reportRefused(this.draining ? 'draining' : 'connectionLimit', remoteOf(socket), `limit ${limit}`);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket);
    this.connections.add(connection);
    if (!this.deps.internals.acceptQueue) this.observeAdmission?.(this.admitted);
    this.deps.counters.connectionsTotal++;
    socket.on('error', ignoreError); // every error is followed by close
    socket.once('close', () => {
      this.connections.remove(connection);
      this.deps.onClosed(connection, connection.closeReason);
    });
    throttleResets(socket, this.closeQueue);
    if (this.isTrustedProxy(connection)) this.identify(connection);
    else this.admit(connection);
  }

  private isTrustedProxy({ address }: Connection): boolean {
    const { trustedProxies } = this.deps;
    return (
      trustedProxies !== null && address !== '' && trustedProxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    );
  }

  /** Reads the PROXY protocol header of a connection. */
  private identify(connection: Connection): void {
    readProxyHeader(connection.socket, this.deps.handshakeTimeoutMs, {
      onHeader: ({ client, bytes }) => {
        connection.proxyHeaderBytes = bytes;
        if (client !== null) connection.setClient(client.address, client.port);
        this.admit(connection);
      },
      onFailed: (reason, details) => this.reportRefused(reason, connection.remote, details),
    });
  }

  /** Serves a connection whose client's address is known. */
  private admit(connection: Connection): void {
    const { socket, address } = connection;
    const limit = this.deps.maxConnectionsPerAddress();
    if (limit > 0 && this.addresses.of(address) >= limit) {
      this.reportRefused('addressLimit', connection.remote, `limit ${limit}`);
      socket.destroy();
      return;
    }
    this.addresses.add(address);
    socket.once('close', () => this.addresses.remove(address));
    if (this.tlsServer === null) this.deps.serve(connection, socket);
    else {
      this.handshakes.add(connection, () => this.onHandshakeFailed(connection));
      this.tlsServer.emit('connection', socket);
    }
  }

  /** Counts and logs a connection that is refused. */
  reportRefused(reason: RefuseReason, remote: string, details: string): void {
    this.report('Connection refused', reason, remote, details);
  }

  /** Counts and logs a connection that is terminated for an error of the client. */
  reportTerminated(reason: RefuseReason, remote: string, details: string): void {
    this.report('Connection cut off', reason, remote, details);
  }

  private report(message: string, reason: RefuseReason, remote: string, details: string): void {
    this.deps.counters.refused[reason]++;
    this.deps.log.warnOnce(`${message} ${reason}`, message, { reason, remote, details });
  }
}

function ignoreError(): void {}

import { constants } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { CloseReason, Counters, RefuseReason, RouterLog } from '../router/index.ts';
import { Connection, Connections, remoteOf } from './connection.ts';
import { paceAccepting, paceClosing } from './node-internals/accept-queue.ts';
import { Pacer } from './tick-queue.ts';
import type { TlsMaterial } from './tls.ts';

export interface ListenerDependencies {
  readonly log: RouterLog;
  readonly counters: Counters;
  readonly maxConnections: () => number;
  readonly handshakeTimeoutMs: number;
  /** Whether connections have to be found by the addresses of their calls. */
  readonly findsConnections: boolean;
  /** Takes over what comes on a connection; `socket` is the connection's own, or what TLS makes of it. */
  readonly serve: (connection: Connection, socket: Socket) => void;
  readonly onClosed: (connection: Connection, reason: CloseReason) => void;
}

/** A renegotiation (TLS 1.2) costs the server much more than the client, and no client of HTTP/2 may ask for one. */
const SECURE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION;
const LISTEN_BACKLOG = 4096;
/** Connections that are accepted, that say something first, and that end, in one turn of the event loop: a millisecond of each. */
const ACCEPTED_PER_TURN = 8;
const ARRIVING_PER_TURN = 8;
const CLOSED_PER_TURN = 20;
/** What is left to be sent to a TLS client that has said good-bye may take this long. */
const GOODBYE_MS = 1000;

/** Accepts connections, counts and limits them, takes TLS off, and lets them be served. It owns the sockets to the end. */
export class Listener {
  readonly connections: Connections;
  /** Spreads what newcomers ask for over event-loop turns. */
  readonly arriving = new Pacer(ARRIVING_PER_TURN);
  /** Spreads the ends of many connections over event-loop turns. */
  readonly closing = new Pacer(CLOSED_PER_TURN);
  private readonly deps: ListenerDependencies;
  private readonly server: Server;
  private readonly tlsServer: ReturnType<typeof createTlsServer> | null;
  private readonly accepting = new Pacer(ACCEPTED_PER_TURN);
  private draining = false;

  constructor(deps: ListenerDependencies, tls: TlsMaterial | null) {
    this.deps = deps;
    this.connections = new Connections(deps.findsConnections || tls !== null);
    this.server = createServer({ noDelay: true, pauseOnConnect: false }, (socket) => this.accept(socket));
    this.tlsServer = tls === null ? null : this.createTls(tls);
  }

  /** Binds; rejects with Node's error (`EADDRINUSE`, `EACCES`, …). */
  listen(host: string, port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
        this.server.off('error', reject);
        paceAccepting(this.server, this.accepting);
        // out of file descriptors, for instance: the connections that exist go on
        this.server.on('error', (error) =>
          this.deps.log.warnOnce('listener', 'Listener error', { error: error.message }),
        );
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /** New connections are shaken hands with by this material. */
  replaceTls(tls: TlsMaterial): void {
    this.tlsServer?.setSecureContext({
      key: tls.key,
      cert: tls.cert,
      ca: tls.clientCa ?? undefined,
      secureOptions: SECURE_OPTIONS,
    });
  }

  /** Takes no more connections. */
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

  /** Cuts `connections`, a few per event-loop turn when there are many. */
  close(connections: readonly Connection[], reason: CloseReason): void {
    for (const connection of connections) this.closing.run(() => connection.destroy(reason));
  }

  /** Cuts every connection that is left. */
  destroyAll(reason: CloseReason): void {
    for (const connection of this.connections.newestFirst()) connection.destroy(reason);
  }

  private createTls(tls: TlsMaterial): ReturnType<typeof createTlsServer> {
    const server = createTlsServer({
      key: tls.key,
      cert: tls.cert,
      secureOptions: SECURE_OPTIONS,
      ...(tls.clientCa === null ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
      ALPNProtocols: ['h2'],
      handshakeTimeout: this.deps.handshakeTimeoutMs,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', ignoreError); // every error is followed by close
      const connection = this.connections.find('', socket);
      if (connection === undefined) {
        socket.destroy();
        return;
      }
      // now and then a TLSSocket waits without end for its own good-bye to be sent
      socket.once('end', () => setTimeout(() => connection.socket.destroy(), GOODBYE_MS).unref());
      paceClosing(socket, this.closing);
      this.deps.serve(connection, socket);
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.on('error', ignoreError);
      const raw = rawSocketOf(socket);
      const isTimeout = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
      // a load balancer that only checks the port connects, sends nothing and closes
      if (isTimeout || raw.bytesRead > 0) {
        this.refuse(isTimeout ? 'handshakeTimeout' : 'tlsError', remoteOf(raw), error.message);
      }
      socket.destroy();
    });
    return server;
  }

  private accept(socket: Socket): void {
    const limit = this.deps.maxConnections();
    if (this.draining || this.connections.count >= limit) {
      this.refuse(this.draining ? 'draining' : 'connectionLimit', remoteOf(socket), `limit ${limit}`);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket);
    this.connections.add(connection);
    this.deps.counters.connectionsTotal++;
    socket.on('error', ignoreError); // every error is followed by close
    socket.once('close', () => {
      this.connections.remove(connection);
      this.deps.onClosed(connection, connection.closeReason);
    });
    paceClosing(socket, this.closing);
    if (this.tlsServer === null) this.deps.serve(connection, socket);
    else this.tlsServer.emit('connection', socket);
  }

  /** Counts and logs a connection that is not served. */
  refuse(reason: RefuseReason, remote: string, details: string): void {
    this.complain('Connection refused', reason, remote, details);
  }

  /** Counts and logs a connection that is not served any more. */
  cutOff(reason: RefuseReason, remote: string, details: string): void {
    this.complain('Connection cut off', reason, remote, details);
  }

  private complain(what: string, reason: RefuseReason, remote: string, details: string): void {
    this.deps.counters.refused[reason]++;
    this.deps.log.warnOnce(`${what} ${reason}`, what, { reason, remote, details });
  }
}

/**
 * The socket beneath one of TLS, whose address was read when it was accepted and stays known; where Node does not tell, the
 * one of TLS, which has no address once it is closed.
 */
function rawSocketOf(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent ?? socket;
}

function ignoreError(): void {}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Http1Transport, TransportDependencies } from '../grpc/index.ts';
import { type Connection, TimeoutSweep } from '../net/index.ts';
import { answerBytes, HEALTH_PATH, plainAnswer } from './http-answers.ts';
import { isAllowedOrigin } from './origins.ts';
import { WebSocketConnection } from './websocket-connection.ts';

export interface WebSocketOptions {
  /** Origins that may connect besides that of the router itself. */
  readonly origins: ReadonlySet<string>;
  readonly maxMessageBytes: () => number;
  /** False while the router shuts down. */
  readonly isServing: () => boolean;
  readonly onConnected: () => void;
}

/** Time for a client to answer a close frame. */
const CLOSE_TIMEOUT_MS = 1000;
/** Maximum size of the handshake headers; browsers mainly add cookies. */
const MAX_HANDSHAKE_BYTES = 16 * 1024;
/** Maximum number of fragments and of reads per message: both cost memory besides their bytes. */
const MAX_FRAGMENTS = 1024;
const MAX_READS = 16 * 1024;
/** Envelope and prefixes around a message. */
const ENVELOPE_BYTES = 70_000;

/** A connection that has not finished its handshake. */
interface Handshake {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
  readonly onClose: () => void;
}

/** Serves HTTP/1 connections: the WebSocket handshake, a health check, and a short answer to everything else. */
export class WebSocketTransport implements Http1Transport {
  private readonly deps: TransportDependencies;
  private readonly options: WebSocketOptions;
  private readonly http: Server;
  private readonly server: WebSocketServer;
  private readonly handshakes = new WeakMap<object, Handshake>();
  private readonly connections = new Set<WebSocketConnection>();
  private readonly timeoutSweep = new TimeoutSweep(this.connections);

  constructor(deps: TransportDependencies, options: WebSocketOptions) {
    this.deps = deps;
    this.options = options;
    this.http = createServer({ maxHeaderSize: MAX_HANDSHAKE_BYTES, keepAlive: false, requireHostHeader: false });
    this.http.on('request', (request, response) => this.answer(request, response));
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket as Socket, head));
    this.http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.refuse(socket as Socket, error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, error.message);
    });
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: true,
      // bounded by WebSocketConnection, which answers with a close code
      maxPendingAutoPongs: 0,
      closeTimeout: CLOSE_TIMEOUT_MS,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_READS,
      handleProtocols: () => false,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    this.server.on('wsClientError', (error, socket) => this.refuse(socket as Socket, 400, error.message));
  }

  serve(connection: Connection, socket: Socket, received: Buffer): void {
    const timer = setTimeout(() => this.timeOut(connection, socket), this.deps.options.handshakeTimeoutMs).unref();
    const onClose = (): void => {
      clearTimeout(timer);
      // with TLS the socket below
      connection.socket.destroy();
    };
    this.handshakes.set(socket, { connection, timer, onClose });
    socket.once('close', onClose);
    this.http.emit('connection', socket);
    socket.unshift(received);
  }

  checkTimeouts(): void {
    this.timeoutSweep.run();
  }

  gracefulShutdown(): void {
    for (const connection of this.connections) connection.gracefulShutdown();
  }

  destroy(): void {
    for (const connection of this.connections) connection.terminate();
  }

  private readonly onClosed = (connection: WebSocketConnection): void => void this.connections.delete(connection);

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const handshake = this.handshakes.get(socket);
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    const { headers } = request;
    if (headers.upgrade?.toLowerCase() !== 'websocket') this.refuse(socket, 426, 'HTTP/1 upgrade, answered with 426');
    else if (!this.options.isServing()) this.refuse(socket, 503, 'Router is shutting down');
    else if (!this.isAllowed(request)) this.refuse(socket, 403, `WebSocket from origin ${headers.origin}`);
    else {
      // a reload may change the limit; messages up to twice the limit are refused on their stream only
      this.server.options.maxPayload = 2 * this.options.maxMessageBytes() + ENVELOPE_BYTES;
      this.server.handleUpgrade(request, socket, head, (ws) => this.open(handshake, request, socket, ws));
    }
  }

  private isAllowed({ headers }: IncomingMessage): boolean {
    return isAllowedOrigin(headers.origin, headers.host, this.options.origins);
  }

  private open(
    { connection, timer, onClose }: Handshake,
    { headers }: IncomingMessage,
    socket: Socket,
    ws: WebSocket,
  ): void {
    clearTimeout(timer);
    socket.off('close', onClose);
    this.handshakes.delete(socket);
    this.options.onConnected();
    const authorization = headers.authorization ?? null;
    this.connections.add(new WebSocketConnection({ connection, socket, ws, authorization }, this.deps, this.onClosed));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const isHealthCheck = request.url === HEALTH_PATH && (request.method === 'GET' || request.method === 'HEAD');
    const status = isHealthCheck ? (this.options.isServing() ? 200 : 503) : 426;
    if (!isHealthCheck) this.report(request.socket, 'HTTP/1 request, answered with 426');
    const { headers, body } = plainAnswer(status);
    request.resume();
    response.writeHead(status, headers).end(body);
  }

  /** Responds to a refused handshake or an unreadable request and closes the connection. */
  private refuse(socket: Socket, status: number, details: string): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    this.report(socket, details);
    socket.end(answerBytes(status));
    socket.resume();
    setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  private report(socket: object, details: string): void {
    const handshake = this.handshakes.get(socket);
    if (handshake !== undefined) this.deps.reportRefused('protocolError', handshake.connection.remote, details);
  }

  private timeOut(connection: Connection, socket: Socket): void {
    this.deps.reportRefused('handshakeTimeout', connection.remote, 'WebSocket handshake');
    socket.destroy();
  }
}

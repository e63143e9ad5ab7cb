import type { Socket } from 'node:net';
import {
  type ConnectionError,
  type ConnectionHandler,
  type DataFrameCache,
  type RequestHeaders,
  ServerConnection,
  type ServerStream,
  type StreamHandler,
} from '../http2/index.ts';
import type { Connection, EofThrottle, SocketReader, SocketWriter, ThrottledReader, TickQueue } from '../net/index.ts';
import { attachReader, ProtocolDetector, readLater, readOn, socketWriter, UPGRADE_REQUIRED } from '../net/index.ts';
import { openRequest, type RequestSource } from './open-request.ts';
import type { TransportDependencies } from './transport.ts';

/** Time for a client to close its side after the server has ended the connection. */
const LINGER_MS = 1000;
/** Time for a client to answer the PING that follows the first GOAWAY. */
const SHUTDOWN_PING_TIMEOUT_MS = 500;
/** Per-stream deadlines fire first and name the slow client; the connection gets this much extra time. */
const STREAM_DEADLINE_SLACK_MS = 2000;

/** Values of `writeSeenMs`: no write is in flight, or a write has not been seen by a sweep yet. */
const NO_WRITE = 0;
const NOT_CHECKED = -1;

/** The transport of a connection, as the connection uses it. */
export interface Http2Host {
  readonly eofThrottle: EofThrottle;
  readonly dataFrames: DataFrameCache;
  onClosed(http2: Http2Connection): void;
  /** Takes over a connection that sent an HTTP/1 request; false if HTTP/1 is not served. */
  handOver(http2: Http2Connection, socket: Socket, received: Buffer): boolean;
}

/** One HTTP/2 connection: connects its socket with its streams. */
export class Http2Connection implements ConnectionHandler, SocketReader, ThrottledReader, RequestSource {
  readonly connection: Connection;
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private readonly deps: TransportDependencies;
  private readonly host: Http2Host;
  private readonly http2: ServerConnection;
  private readonly writeCallback = (error?: Error | null): void => this.onWriteComplete(error);
  private readonly closeListener = (): void => this.onSocketClosed();
  private handshakeTimer: NodeJS.Timeout | null;
  /** Detects the protocol of a client without an HTTP/2 preface. */
  private protocolDetector: ProtocolDetector | null = null;
  /** Chunks in the new-connection queue. */
  private queuedChunks = 0;
  /** Chunks received while reading is paused; null while it is not. */
  private unreadChunks: Buffer[] | null = null;
  private eofReceived = false;
  /** Another protocol serves the socket. */
  private handedOver = false;
  /** Start of the current silence, and time of the keepalive ping; 0 for none. */
  private silentSinceMs = 0;
  private pingSentMs = 0;
  /** Time at which a sweep first saw the current write in flight. */
  private writeSeenMs = NO_WRITE;

  constructor(connection: Connection, socket: Socket, deps: TransportDependencies, host: Http2Host) {
    this.connection = connection;
    this.socket = socket;
    this.writer = socketWriter(deps.internals.fastWrite);
    this.deps = deps;
    this.host = host;
    this.http2 = new ServerConnection(this, deps.options, host.dataFrames);
    this.handshakeTimer = setTimeout(() => this.prefaceTimedOut(), deps.options.handshakeTimeoutMs).unref();
    socket.once('close', this.closeListener);
    attachReader(socket, this, deps.internals.fastRead);
  }

  /** New connections go through a queue, so that thousands of them at once do not block the established ones. */
  receive(chunk: Buffer): boolean {
    if (this.http2.hasActiveStreams && this.queuedChunks === 0) return this.readChunk(chunk);
    this.queuedChunks++;
    let wasQueued = false;
    this.deps.newConnectionQueue.run(() => {
      this.queuedChunks--;
      if (this.readChunk(chunk) && wasQueued) this.resumeSocket();
    });
    wasQueued = this.queuedChunks > 0;
    return !wasQueued && !this.isPaused;
  }

  /** EOF: the connection is closed once everything is read. */
  ended(): void {
    if (!this.eofReceived) this.host.eofThrottle.onEof();
    this.eofReceived = true;
    if (!this.isPaused) this.deps.closeQueue.run(() => this.destroySockets());
  }

  /** True if nothing was received since the last sweep, up to a second ago. */
  get isIdle(): boolean {
    return !this.http2.receivedSinceCheck && !this.eofReceived && !this.isPaused && this.queuedChunks === 0;
  }

  pauseSocket(): void {
    readLater(this.socket);
  }

  resumeSocket(): void {
    if (!this.isPaused && this.queuedChunks === 0) readOn(this.socket);
  }

  pauseReading(): void {
    this.unreadChunks ??= [];
    this.http2.pause();
  }

  resumeReading(): void {
    const { unreadChunks } = this;
    if (unreadChunks === null) return;
    this.unreadChunks = null;
    this.http2.resume();
    for (const chunk of unreadChunks) this.readChunk(chunk);
    if (this.eofReceived) this.ended();
    else this.resumeSocket();
  }

  write(bytes: Buffer): void {
    this.writeSeenMs = NOT_CHECKED;
    this.writer.write(this.socket, bytes, this.writeCallback);
  }

  writeAll(buffers: readonly Buffer[]): void {
    this.writeSeenMs = NOT_CHECKED;
    this.writer.writeAll(this.socket, buffers, this.writeCallback);
  }

  finish(): void {
    if (this.socket.destroyed) return;
    this.socket.end();
    setTimeout(() => this.destroySockets(), LINGER_MS).unref();
  }

  overflow(): void {
    this.connection.destroy('slowReaderBytes');
  }

  now(): number {
    return performance.now();
  }

  onPreface(): void {
    if (this.handshakeTimer !== null) clearTimeout(this.handshakeTimer);
    this.handshakeTimer = null;
  }

  onConnectionError({ code, message }: ConnectionError): void {
    this.deps.reportTerminated('protocolError', this.connection.remote, `${message} (HTTP/2 error ${code})`);
  }

  onOtherProtocol(bytes: Buffer): void {
    if (this.handedOver) {
      // a chunk that was in the new-connection queue
      this.socket.unshift(bytes);
      return;
    }
    this.protocolDetector ??= new ProtocolDetector();
    const protocol = this.protocolDetector.push(bytes);
    if (protocol === 'undecided') return;
    const isHttp1 = protocol === 'http1';
    if (isHttp1 && this.handOver(this.protocolDetector.received)) return;
    const details = isHttp1 ? 'HTTP/1 request, answered with 426' : 'no HTTP/2 client preface';
    this.deps.reportRefused('protocolError', this.connection.remote, details);
    this.onPreface();
    if (!isHttp1) {
      this.destroySockets();
      return;
    }
    this.socket.write(UPGRADE_REQUIRED);
    this.finish();
  }

  reserveBytes(change: number): boolean {
    return this.deps.reserveBytes(change);
  }

  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null {
    return openRequest(this.deps, this, stream, headers);
  }

  gracefulShutdown(): void {
    this.http2.gracefulShutdown();
    setTimeout(() => this.http2.sendFinalGoaway(), SHUTDOWN_PING_TIMEOUT_MS).unref();
  }

  /** Pings the client after a long silence, and closes the connection when it does not answer or does not read. */
  checkTimeouts(nowMs: number, pingQueue: TickQueue): void {
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.deps.options;
    const deadlineMs = this.deps.writeDeadlineMs();
    this.http2.resetStalled(nowMs, deadlineMs);
    if (this.writeSeenMs === NOT_CHECKED) this.writeSeenMs = nowMs;
    else if (this.writeSeenMs !== NO_WRITE && nowMs - this.writeSeenMs > deadlineMs + STREAM_DEADLINE_SLACK_MS) {
      this.connection.destroy('slowReaderDeadline');
    }
    if (this.http2.receivedSinceCheck || this.silentSinceMs === 0) {
      this.http2.receivedSinceCheck = false;
      this.silentSinceMs = nowMs;
      this.pingSentMs = 0;
    } else if (this.pingSentMs > 0) {
      if (nowMs - this.pingSentMs >= keepaliveTimeoutMs) this.destroySockets();
    } else if (nowMs - this.silentSinceMs >= keepaliveIntervalMs) {
      this.pingSentMs = nowMs;
      pingQueue.run(() => this.http2.ping());
    }
  }

  /** Reads `chunk`, until reading is paused; returns false when it is. */
  private readChunk(chunk: Buffer): boolean {
    const bytes = this.isPaused ? 0 : this.http2.receive(chunk);
    if (bytes < chunk.length) this.unreadChunks?.push(chunk.subarray(bytes));
    return !this.isPaused;
  }

  private get isPaused(): boolean {
    return this.unreadChunks !== null;
  }

  private onWriteComplete(error: Error | null | undefined): void {
    if (error) this.destroySockets();
    else {
      this.writeSeenMs = NO_WRITE;
      this.http2.onWriteComplete();
    }
  }

  private handOver(received: Buffer): boolean {
    if (!this.host.handOver(this, this.socket, received)) return false;
    this.handedOver = true;
    this.onPreface();
    // remove all listeners of this object: the socket stays open
    this.socket.off('close', this.closeListener);
    return true;
  }

  private prefaceTimedOut(): void {
    this.deps.reportRefused('handshakeTimeout', this.connection.remote, '');
    this.destroySockets();
  }

  private destroySockets(): void {
    this.socket.destroy();
    // the TCP socket below TLS; without TLS the same socket
    this.connection.socket.destroy();
  }

  private onSocketClosed(): void {
    this.onPreface();
    this.host.onClosed(this);
    this.http2.onSocketClosed();
  }
}

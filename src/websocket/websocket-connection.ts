import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { TransportDependencies } from '../grpc/index.ts';
import { attachReader, type Connection, readLater, readOn, type SocketReader, type TickQueue } from '../net/index.ts';
import { type CloseReason, closeReasonText, TEXT } from '../router/index.ts';
import { CloseCode, CODE_OF_REASON } from './close-codes.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { Output } from './output.ts';
import { StreamTable } from './stream-table.ts';
import type { StreamHost, WebSocketStream } from './websocket-stream.ts';

/** Pings, pongs and messages without effect between two sweeps, about a second. */
const MAX_IDLE_FRAMES = 2000;
/** A partial message without progress for this long closes the connection, since it occupies a shared memory budget. */
const PARTIAL_TIMEOUT_MS = 30_000;
/** Per-stream deadlines fire first and name the slow client; the connection gets this much extra time. */
const STREAM_DEADLINE_SLACK_MS = 2000;
const { OPEN } = WebSocket;

export interface WebSocketConnectionOptions {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly ws: WebSocket;
  /** `Authorization` header of the handshake; applies to every call. */
  readonly authorization: string | null;
}

/** One WebSocket: separates its messages into streams, and writes those of the streams. */
export class WebSocketConnection implements StreamHost, SocketReader, FrameSink {
  readonly connection: Connection;
  private readonly socket: Socket;
  private readonly ws: WebSocket;
  private readonly deps: TransportDependencies;
  private readonly streams: StreamTable;
  private readonly output: Output;
  private readonly frames = new FrameReader(this);
  /** The listener by which `ws` reads its socket. */
  private readonly passToWs: (chunk: Buffer) => void;
  private readonly closedCallback: (connection: WebSocketConnection) => void;
  private isClosing = false;
  /** `ws` reads nothing more. */
  private wsFailed = false;
  private closeWhenIdle = false;
  private pausedStreams = 0;
  private receivedSinceCheck = true;
  private messageReceived = false;
  /** Bytes of a partial message, as reserved in the budget. */
  private partialBytes = 0;
  private idleFrames = 0;
  private silentSinceMs = 0;
  private pingSentMs = 0;

  constructor(
    options: WebSocketConnectionOptions,
    deps: TransportDependencies,
    onClosed: (connection: WebSocketConnection) => void,
  ) {
    const { connection, socket, ws, authorization } = options;
    this.connection = connection;
    this.socket = socket;
    this.ws = ws;
    this.deps = deps;
    this.streams = new StreamTable(this, { connection, authorization, deps });
    connection.closeHandshake = this;
    connection.isExclusive = true;
    this.output = new Output(socket, deps.internals, connection.socket !== socket);
    this.closedCallback = onClosed;
    (ws as ServedWebSocket)[CONNECTION] = this;
    ws.on('message', onMessage);
    ws.on('ping', onControl);
    ws.on('pong', onControl);
    ws.on('error', onError);
    ws.on('close', onClose);
    this.passToWs = socket.listeners('data').at(-1) as (chunk: Buffer) => void;
    socket.off('data', this.passToWs);
    attachReader(socket, this, deps.internals.fastRead);
    socket.resume();
  }

  receive(chunk: Buffer): boolean {
    this.receivedSinceCheck = true;
    this.messageReceived = false;
    this.frames.push(chunk);
    this.reservePartial(chunk.length);
    return this.pausedStreams === 0;
  }

  /** EOF: a WebSocket client that has closed its side does not read. */
  ended(): void {
    this.deps.closeQueue.run(() => this.socket.destroy());
  }

  onOther(bytes: Buffer): void {
    if (!this.wsFailed) this.passToWs.call(this.socket, bytes);
  }

  write(owner: WebSocketStream, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    // nothing may be sent after a close frame; the streams end with the connection
    if (this.ws.readyState !== OPEN) return;
    this.output.write(owner, first, rest, bytes);
  }

  onStreamClosed(stream: WebSocketStream): void {
    this.streams.delete(stream);
    if (this.closeWhenIdle && this.streams.size === 0) this.closeWith(CloseCode.goingAway, closeReasonText('shutdown'));
  }

  pauseReading(): void {
    if (this.pausedStreams++ === 0) readLater(this.socket);
  }

  resumeReading(): void {
    if (--this.pausedStreams === 0) readOn(this.socket);
  }

  /** Closes the connection once its last stream has ended. */
  gracefulShutdown(): void {
    this.closeWhenIdle = true;
    if (this.streams.size === 0) this.closeWith(CloseCode.goingAway, closeReasonText('shutdown'));
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** Pings the client after a long silence, and closes the connection when it does not answer or does not read. */
  checkTimeouts(nowMs: number, pingQueue: TickQueue): void {
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.deps.options;
    const stalledMs = this.output.checkStalledMs(nowMs);
    if (stalledMs > this.deps.writeDeadlineMs() + STREAM_DEADLINE_SLACK_MS)
      this.connection.destroy('slowReaderDeadline');
    this.idleFrames = 0;
    if (this.receivedSinceCheck || this.silentSinceMs === 0) {
      this.receivedSinceCheck = false;
      this.silentSinceMs = nowMs;
      this.pingSentMs = 0;
      return;
    }
    const silentMs = nowMs - this.silentSinceMs;
    if (this.partialBytes > 0 && silentMs >= PARTIAL_TIMEOUT_MS)
      this.closeWith(CloseCode.policy, 'Message not completed');
    else if (this.pingSentMs > 0) {
      if (nowMs - this.pingSentMs >= keepaliveTimeoutMs) this.ws.terminate();
    } else if (silentMs >= keepaliveIntervalMs) {
      this.pingSentMs = nowMs;
      pingQueue.run(() => this.ws.ping());
    }
  }

  /** Processes a message that `ws` has read. */
  onWsMessage(bytes: Buffer, isBinary: boolean): void {
    if (isBinary) this.onMessage(bytes, 0, bytes.length);
    else this.countIdle();
  }

  /** Processes the binary message `bytes[start..end)`. */
  onMessage(bytes: Buffer, start: number, end: number): void {
    this.messageReceived = true;
    if (this.ws.readyState !== OPEN) return;
    const result = this.streams.receive(bytes, start, end);
    if (result === 'ignored') this.countIdle();
    else if (result !== 'ok') this.fail(result);
  }

  /** Reserves memory for a partial message beyond its first chunk. */
  private reservePartial(chunkBytes: number): void {
    const isPartial = !this.messageReceived && !this.frames.isBetweenMessages;
    const partialBytes = isPartial ? this.partialBytes + chunkBytes : 0;
    if (partialBytes === this.partialBytes) return;
    if (this.deps.reserveBytes(partialBytes - this.partialBytes)) this.partialBytes = partialBytes;
    else this.closeWith(CloseCode.tryAgainLater, TEXT.noMemory);
  }

  countIdle(): void {
    this.messageReceived = true;
    if (this.isClosing) return;
    if (this.socket.writableLength > this.deps.options.maxSendQueueBytes) this.connection.destroy('slowReaderBytes');
    if (++this.idleFrames <= MAX_IDLE_FRAMES) return;
    this.report(CloseCode.policy, 'too many frames without effect');
    this.closeWith(CloseCode.policy, 'Too many frames without effect');
  }

  private fail(text: string): void {
    this.report(CloseCode.protocolError, text);
    this.closeWith(CloseCode.protocolError, text);
  }

  /** `ws` has sent the close frame. */
  onProtocolError(error: Error & { readonly code?: string }): void {
    this.wsFailed = true;
    if (error.code?.startsWith('WS_ERR_') === true) this.report(null, error.message);
    this.endStreams();
  }

  private report(code: CloseCode | null, details: string): void {
    const suffix = code === null ? '' : ` (WebSocket close code ${code})`;
    this.deps.reportTerminated('protocolError', this.connection.remote, `${details}${suffix}`);
  }

  /** Starts the closing handshake; a second call destroys the connection. */
  close(reason: CloseReason): void {
    if (this.isClosing) this.ws.terminate();
    else this.closeWith(CODE_OF_REASON[reason], closeReasonText(reason));
  }

  /** Starts the closing handshake; a client that does not finish it in time is disconnected by `ws`. */
  private closeWith(code: CloseCode, reason: string): void {
    if (this.isClosing) return;
    this.ws.close(code, reason);
    this.endStreams();
  }

  private endStreams(): void {
    this.isClosing = true;
    this.streams.closeAll();
  }

  onClosed(): void {
    this.closedCallback(this);
    this.endStreams();
    if (this.partialBytes > 0) this.deps.reserveBytes(-this.partialBytes);
    this.partialBytes = 0;
    // with TLS the socket below
    this.connection.socket.destroy();
  }
}

// Listeners that all connections share, because there are thousands of them.

const CONNECTION = Symbol('connection');
type ServedWebSocket = WebSocket & { [CONNECTION]: WebSocketConnection };

function onMessage(this: WebSocket, bytes: unknown, isBinary: boolean): void {
  (this as ServedWebSocket)[CONNECTION].onWsMessage(bytes as Buffer, isBinary);
}

function onControl(this: WebSocket): void {
  (this as ServedWebSocket)[CONNECTION].countIdle();
}

function onError(this: WebSocket, error: Error): void {
  (this as ServedWebSocket)[CONNECTION].onProtocolError(error);
}

function onClose(this: WebSocket): void {
  (this as ServedWebSocket)[CONNECTION].onClosed();
}

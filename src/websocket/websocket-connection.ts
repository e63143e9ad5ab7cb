import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { parseTimeoutMs, type TransportDependencies } from '../grpc/index.ts';
import { attachReader, type Connection, readLater, readOn, type SocketReader, type TickQueue } from '../net/index.ts';
import { type CloseReason, closeReasonText, TEXT } from '../router/index.ts';
import { METHOD_BY_PATH, type RpcMethod } from '../rpc/index.ts';
import { CloseCode, CODE_OF_REASON } from './close-codes.ts';
import { detectEnvelope } from './detect-envelope.ts';
import { type Envelope, emptyMessage, type Header } from './envelope.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { Output } from './output.ts';
import { type StreamHost, WebSocketStream } from './websocket-stream.ts';

/** As on HTTP/2. */
const MAX_STREAMS = 512;
/** Pings, pongs and messages without effect between two sweeps, about a second. */
const MAX_IDLE_FRAMES = 2000;
/** A partial message without progress for this long closes the connection: its memory belongs to a budget of all. */
const PARTIAL_TIMEOUT_MS = 30_000;
/** Per-stream deadlines fire first and name the slow client; the connection gets this much extra time. */
const STREAM_DEADLINE_SLACK_MS = 2000;
/** Shorter messages carry no envelope and are ignored. */
const MIN_MESSAGE_BYTES = 5;
const MAX_QUOTED_CHARS = 100;
const { OPEN } = WebSocket;

/** The last parsed message: parsing is synchronous, so that all connections share it. */
const message = emptyMessage();

export interface WebSocketConnectionOptions {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly ws: WebSocket;
  /** `Authorization` of the handshake, which holds for every call. */
  readonly authorization: string | null;
}

/** One WebSocket: separates its messages into streams, and writes those of the streams. */
export class WebSocketConnection implements StreamHost, SocketReader, FrameSink {
  readonly connection: Connection;
  private readonly socket: Socket;
  private readonly ws: WebSocket;
  private readonly deps: TransportDependencies;
  private readonly authorization: string | null;
  private readonly streams = new Map<number, WebSocketStream>();
  private readonly output: Output;
  private readonly frames = new FrameReader(this);
  /** The listener by which `ws` reads its socket. */
  private readonly passToWs: (chunk: Buffer) => void;
  private envelope: Envelope | null = null;
  private lastStreamId = 0;
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

  constructor(options: WebSocketConnectionOptions, deps: TransportDependencies) {
    const { connection, socket, ws, authorization } = options;
    this.connection = connection;
    this.socket = socket;
    this.ws = ws;
    this.deps = deps;
    this.authorization = authorization;
    connection.closeHandshake = (reason) => this.closeFor(reason);
    this.output = new Output(socket, deps.internals, connection.socket !== socket);
    ws.on('message', (bytes: Buffer, isBinary: boolean) => this.onWsMessage(bytes, isBinary));
    ws.on('ping', () => this.countIdle());
    ws.on('pong', () => this.countIdle());
    ws.on('error', (error) => this.onProtocolError(error));
    ws.once('close', () => this.onClosed());
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

  /** EOF: a client that has closed its side reads nothing more. */
  ended(): void {
    this.deps.closeQueue.run(() => this.socket.destroy());
  }

  onOther(bytes: Buffer): void {
    if (!this.wsFailed) this.passToWs.call(this.socket, bytes);
  }

  write(owner: WebSocketStream, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    // behind a close frame nothing may be sent; the streams end with the connection
    if (this.ws.readyState !== OPEN) return;
    this.output.write(owner, first, rest, bytes);
  }

  onStreamClosed(stream: WebSocketStream): void {
    this.streams.delete(stream.id);
    if (this.closeWhenIdle && this.streams.size === 0) this.close(CloseCode.goingAway, closeReasonText('shutdown'));
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
    if (this.streams.size === 0) this.close(CloseCode.goingAway, closeReasonText('shutdown'));
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
    if (this.partialBytes > 0 && silentMs >= PARTIAL_TIMEOUT_MS) this.close(CloseCode.policy, 'Message not completed');
    else if (this.pingSentMs > 0) {
      if (nowMs - this.pingSentMs >= keepaliveTimeoutMs) this.ws.terminate();
    } else if (silentMs >= keepaliveIntervalMs) {
      this.pingSentMs = nowMs;
      pingQueue.run(() => this.ws.ping());
    }
  }

  private onWsMessage(bytes: Buffer, isBinary: boolean): void {
    if (isBinary) this.onMessage(bytes);
    else this.countIdle();
  }

  /** Takes one binary message. */
  onMessage(bytes: Buffer): void {
    this.messageReceived = true;
    if (this.ws.readyState !== OPEN) return;
    if (bytes.length < MIN_MESSAGE_BYTES) {
      this.countIdle();
      return;
    }
    this.envelope ??= detectEnvelope(bytes);
    const { envelope } = this;
    if (envelope === null) this.fail('The first message opens no call of rpc_dart');
    else if (envelope.isMetadata(bytes) && bytes.length > this.deps.options.maxHeaderBytes) {
      this.refuseTooLarge(envelope, bytes.readUInt32BE(0));
    } else {
      const result = envelope.parse(bytes, message);
      if (result === 'ok') this.dispatch(envelope, bytes);
      else if (result === 'ignored') this.countIdle();
      else this.fail('Malformed metadata');
    }
  }

  private dispatch(envelope: Envelope, bytes: Buffer): void {
    const { streamId, isEnd, isMetadata, bodyStart } = message;
    let stream = this.streams.get(streamId);
    if (stream === undefined) {
      // the old generation half-closes by metadata, also when the call has ended meanwhile
      const opens = isMetadata && (!isEnd || streamId > this.lastStreamId);
      if (!opens) {
        this.countIdle();
        return;
      }
      stream = this.open(envelope, streamId, message.path ?? '', message.headers);
    } else if (!isMetadata) stream.onData(bytes, bodyStart, bytes.length);
    if (isEnd) stream.onEnd();
  }

  private open(envelope: Envelope, id: number, path: string, headers: readonly Header[]): WebSocketStream {
    const method = METHOD_BY_PATH.get(path) ?? null;
    const stream = this.addStream(envelope, id, path, method);
    const timeout = headerValue(headers, 'grpc-timeout');
    const timeoutMs = timeout === null ? Number.POSITIVE_INFINITY : parseTimeoutMs(timeout);
    if (this.streams.size > MAX_STREAMS) {
      stream.end('RESOURCE_EXHAUSTED', `Too many calls at a time: at most ${MAX_STREAMS} per connection`);
    } else if (timeoutMs === null) {
      stream.end('INVALID_ARGUMENT', `Malformed grpc-timeout: ${(timeout ?? '').slice(0, MAX_QUOTED_CHARS)}`);
    } else this.openCall(stream, path, headerValue(headers, 'authorization'), timeoutMs);
    return stream;
  }

  private openCall(stream: WebSocketStream, path: string, authorization: string | null, timeoutMs: number): void {
    // a WebSocket is one client's, also behind a proxy
    const request = { path, authorization: authorization ?? this.authorization, proxyHeader: null };
    const call = this.deps.openCall(this.connection, stream, request);
    if (call === null) {
      stream.end('UNIMPLEMENTED', `The server does not implement the method ${path.slice(0, MAX_QUOTED_CHARS)}`);
      return;
    }
    stream.attach(call);
    call.endAfter(timeoutMs);
  }

  private addStream(envelope: Envelope, id: number, path: string, method: RpcMethod | null): WebSocketStream {
    const stream = new WebSocketStream(this, envelope, id, path, method);
    this.streams.set(id, stream);
    this.lastStreamId = Math.max(this.lastStreamId, id);
    return stream;
  }

  private refuseTooLarge(envelope: Envelope, id: number): void {
    if (this.streams.has(id)) return;
    const details = `Headers too large: at most ${this.deps.options.maxHeaderBytes} bytes (max-header-bytes)`;
    this.addStream(envelope, id, '', null).end('RESOURCE_EXHAUSTED', details);
  }

  /** Reserves memory for a message that is received in part, beyond the chunk that it started in. */
  private reservePartial(chunkBytes: number): void {
    const isPartial = !this.messageReceived && !this.frames.isBetweenMessages;
    const partialBytes = isPartial ? this.partialBytes + chunkBytes : 0;
    if (partialBytes === this.partialBytes) return;
    if (this.deps.reserveBytes(partialBytes - this.partialBytes)) this.partialBytes = partialBytes;
    else this.close(CloseCode.tryAgainLater, TEXT.noMemory);
  }

  private countIdle(): void {
    this.messageReceived = true;
    if (this.isClosing) return;
    if (this.socket.writableLength > this.deps.options.maxSendQueueBytes) this.connection.destroy('slowReaderBytes');
    if (++this.idleFrames <= MAX_IDLE_FRAMES) return;
    this.report(CloseCode.policy, 'too many frames without effect');
    this.close(CloseCode.policy, 'Too many frames without effect');
  }

  private fail(text: string): void {
    this.report(CloseCode.protocolError, text);
    this.close(CloseCode.protocolError, text);
  }

  /** `ws` has sent the close frame. */
  private onProtocolError(error: Error & { readonly code?: string }): void {
    this.wsFailed = true;
    if (error.code?.startsWith('WS_ERR_') === true) this.report(null, error.message);
    this.endStreams();
  }

  private report(code: CloseCode | null, details: string): void {
    const suffix = code === null ? '' : ` (WebSocket close code ${code})`;
    this.deps.reportTerminated('protocolError', this.connection.remote, `${details}${suffix}`);
  }

  private closeFor(reason: CloseReason): void {
    if (this.isClosing) this.ws.terminate();
    else this.close(CODE_OF_REASON[reason], closeReasonText(reason));
  }

  /** Starts the closing handshake; a client that does not finish it in time is disconnected by `ws`. */
  private close(code: CloseCode, reason: string): void {
    if (this.isClosing) return;
    this.ws.close(code, reason);
    this.endStreams();
  }

  private endStreams(): void {
    this.isClosing = true;
    for (const stream of [...this.streams.values()]) stream.close();
  }

  private onClosed(): void {
    this.endStreams();
    if (this.partialBytes > 0) this.deps.reserveBytes(-this.partialBytes);
    this.partialBytes = 0;
    // with TLS the socket below
    this.connection.socket.destroy();
  }
}

function headerValue(headers: readonly Header[], name: string): string | null {
  return headers.find((header) => header.name === name)?.value ?? null;
}

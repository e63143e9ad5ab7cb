import type { Socket } from 'node:net';
import {
  type ConnectionError,
  type ConnectionHost,
  type RequestHeaders,
  ServerConnection,
  type ServerStream,
  type StreamHandler,
} from '../http2/index.ts';
import type { Connection, EndPacer, PacedReader, Pacer, SocketReader } from '../net/index.ts';
import { FirstLine, readDirectly, readLater, readOn, UPGRADE_REQUIRED } from '../net/index.ts';
import type { ServerCall } from './call.ts';
import type { CallStream } from './call-stream.ts';
import { CompressedRequest } from './compressed-request.ts';
import { isGrpcContentType, parseTimeoutMs } from './grpc-headers.ts';
import { DirectStream, type Reading, refuseRequest } from './grpc-http2-stream.ts';
import type { TransportDependencies } from './transport.ts';

/** Time for a client to close a connection on which everything has been said. */
const LINGER_MS = 1000;
/** Time for a client to answer that it has seen the end coming. */
const LEAVE_ANSWER_MS = 500;
/** What is cut off here may be more exactly the business of a stream: those have the same deadline, and say whose reader it was. */
const TEND_SLACK_MS = 2000;
/** Characters of a header that an answer repeats. */
const LONGEST_QUOTED = 100;

/** In place of the time since when a write is under way: there is none, or it has not been looked at yet. */
const NOT_WRITING = 0;
const NOT_SEEN = -1;

/** One connection that the router's own HTTP/2 serves: between its socket and its streams. */
export class DirectConnection implements ConnectionHost, SocketReader, PacedReader, Reading {
  readonly connection: Connection;
  private readonly socket: Socket;
  private readonly deps: TransportDependencies;
  private readonly ends: EndPacer;
  private readonly http2: ServerConnection;
  private readonly onWritten = (error?: Error | null): void => this.written(error);
  private greetingTimer: NodeJS.Timeout | null;
  /** What a client has sent that speaks something else than HTTP/2. */
  private firstLine: FirstLine | null = null;
  /** Chunks that wait for their turn. */
  private waitingChunks = 0;
  /** What came since `pause`; null while nobody has paused. */
  private unread: Buffer[] | null = null;
  private hasEnded = false;
  /** Since when nothing has been heard, and when the client was asked whether it is there: 0 while it need not be. */
  private quietSinceMs = 0;
  private pingedAtMs = 0;
  /** Since when the same write has been with the socket, as far as was looked. */
  private writingSinceMs = NOT_WRITING;

  constructor(connection: Connection, socket: Socket, deps: TransportDependencies, ends: EndPacer) {
    this.connection = connection;
    this.socket = socket;
    this.deps = deps;
    this.ends = ends;
    this.http2 = new ServerConnection(this, deps.options);
    this.greetingTimer = setTimeout(() => this.notGreeted(), deps.options.handshakeTimeoutMs).unref();
    socket.once('close', () => this.closed());
    readDirectly(socket, this);
  }

  /** Newcomers wait for their turn, so that thousands who come at once hold up nobody who is there. */
  receive(chunk: Buffer): boolean {
    if (this.http2.isServing && this.waitingChunks === 0) return this.read(chunk);
    this.waitingChunks++;
    let hasWaited = false;
    this.deps.arriving.run(() => {
      this.waitingChunks--;
      if (this.read(chunk) && hasWaited) this.readOn();
    });
    hasWaited = this.waitingChunks > 0;
    return !hasWaited && !this.isPaused;
  }

  /** The client will send nothing more: it is gone, once everything is read. */
  ended(): void {
    if (!this.hasEnded) this.ends.came();
    this.hasEnded = true;
    if (!this.isPaused) this.deps.closing.run(() => this.cut());
  }

  /** Nothing was heard since it was last looked after, up to a second ago. */
  get isQuiet(): boolean {
    return !this.http2.heard && !this.hasEnded && !this.isPaused && this.waitingChunks === 0;
  }

  hold(): void {
    readLater(this.socket);
  }

  readOn(): void {
    if (!this.isPaused && this.waitingChunks === 0) readOn(this.socket);
  }

  pause(): void {
    this.unread ??= [];
    this.http2.pause();
  }

  resume(): void {
    const { unread } = this;
    if (unread === null) return;
    this.unread = null;
    this.http2.resume();
    for (const chunk of unread) this.read(chunk);
    if (this.hasEnded) this.ended();
    else this.readOn();
  }

  write(bytes: Buffer): void {
    // One write at a time is what a Writable's own queue would see to; without it this costs half. It is always empty, so
    // nothing can be overtaken. A socket that is gone answers with an error.
    this.writingSinceMs = NOT_SEEN;
    this.socket._write(bytes, NO_ENCODING, this.onWritten);
  }

  writeAll(pieces: readonly Buffer[]): void {
    this.writingSinceMs = NOT_SEEN;
    this.socket._writev?.(
      pieces.map((chunk) => ({ chunk, encoding: NO_ENCODING })),
      this.onWritten,
    );
  }

  finish(): void {
    if (this.socket.destroyed) return;
    this.socket.end();
    setTimeout(() => this.cut(), LINGER_MS).unref();
  }

  overflow(): void {
    this.connection.destroy('slowReaderBytes');
  }

  now(): number {
    return performance.now();
  }

  greeted(): void {
    if (this.greetingTimer !== null) clearTimeout(this.greetingTimer);
    this.greetingTimer = null;
  }

  failed({ code, message }: ConnectionError): void {
    this.deps.cutOff('protocolError', this.connection.remote, `${message} (HTTP/2 error ${code})`);
  }

  otherProtocol(bytes: Buffer): void {
    this.firstLine ??= new FirstLine();
    const protocol = this.firstLine.add(bytes);
    if (protocol === 'undecided') return;
    const isHttp1 = protocol === 'http1';
    const details = isHttp1 ? 'HTTP/1 request, answered with 426' : 'no HTTP/2 client preface';
    this.deps.refuse('protocolError', this.connection.remote, details);
    this.greeted();
    if (!isHttp1) {
      this.cut();
      return;
    }
    this.socket.write(UPGRADE_REQUIRED);
    this.finish();
  }

  holdBytes(change: number): boolean {
    return this.deps.holdBytes(change);
  }

  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null {
    if (headers.isTooLarge) this.refuseTooLarge(stream);
    else if (headers.method !== 'POST') refuseRequest(stream, '405');
    else if (!isGrpcContentType(headers.contentType)) refuseRequest(stream, '415');
    else return this.openRequest(stream, headers);
    return null;
  }

  leave(): void {
    this.http2.leave();
    setTimeout(() => this.http2.leaveNow(), LEAVE_ANSWER_MS).unref();
  }

  /** Lets the client be pinged when it has been silent for too long, and gives it up when it does not answer. */
  tend(nowMs: number, pinging: Pacer): void {
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.deps.options;
    const deadlineMs = this.deps.writeDeadlineMs();
    this.http2.resetStalled(nowMs, deadlineMs);
    if (this.writingSinceMs === NOT_SEEN) this.writingSinceMs = nowMs;
    else if (this.writingSinceMs !== NOT_WRITING && nowMs - this.writingSinceMs > deadlineMs + TEND_SLACK_MS) {
      this.connection.destroy('slowReaderDeadline');
    }
    if (this.http2.heard || this.quietSinceMs === 0) {
      this.http2.heard = false;
      this.quietSinceMs = nowMs;
      this.pingedAtMs = 0;
    } else if (this.pingedAtMs > 0) {
      if (nowMs - this.pingedAtMs >= keepaliveTimeoutMs) this.cut();
    } else if (nowMs - this.quietSinceMs >= keepaliveIntervalMs) {
      this.pingedAtMs = nowMs;
      pinging.run(() => this.http2.ping());
    }
  }

  /** Reads `chunk`, or as much of it as is wanted; true when more is. */
  private read(chunk: Buffer): boolean {
    const bytes = this.isPaused ? 0 : this.http2.receive(chunk);
    if (bytes < chunk.length) this.unread?.push(chunk.subarray(bytes));
    return !this.isPaused;
  }

  private get isPaused(): boolean {
    return this.unread !== null;
  }

  private refuseTooLarge(stream: ServerStream): void {
    const { maxHeaderBytes } = this.deps.options;
    const details = `Headers too large: at most ${maxHeaderBytes} bytes (max-header-bytes), 32 for each besides`;
    new DirectStream(stream, this).end('RESOURCE_EXHAUSTED', details);
  }

  private openRequest(stream: ServerStream, headers: RequestHeaders): StreamHandler | null {
    const call = this.openCall(new DirectStream(stream, this), headers);
    const { encoding } = headers;
    if (call === null || encoding === null || encoding === 'identity') return call;
    const { options, holdBytes } = this.deps;
    return new CompressedRequest(stream, call, { encoding, maxMessageBytes: options.maxMessageBytes, holdBytes });
  }

  private openCall(stream: CallStream, headers: RequestHeaders): ServerCall | null {
    const timeoutMs = headers.timeout === null ? Number.POSITIVE_INFINITY : parseTimeoutMs(headers.timeout);
    if (timeoutMs === null) {
      stream.end(
        'INVALID_ARGUMENT',
        `Malformed grpc-timeout: ${quoted(headers.timeout)}, expected 1 to 8 digits and a unit of HMSmun`,
      );
      return null;
    }
    const { authorization, proxyHeader } = headers;
    const request = { path: headers.path ?? '', authorization, proxyHeader };
    const call = this.deps.openCall(this.connection, stream, request);
    if (call === null) {
      stream.end('UNIMPLEMENTED', `The server does not implement the method ${quoted(request.path)}`);
      return null;
    }
    call.endAfter(timeoutMs);
    return call;
  }

  private written(error: Error | null | undefined): void {
    if (error) this.cut();
    else {
      this.writingSinceMs = NOT_WRITING;
      this.http2.written();
    }
  }

  private notGreeted(): void {
    this.deps.refuse('handshakeTimeout', this.connection.remote, '');
    this.cut();
  }

  private cut(): void {
    this.socket.destroy();
    // with TLS, the socket beneath; else the same one
    this.connection.socket.destroy();
  }

  private closed(): void {
    this.greeted();
    this.http2.closed();
  }
}

/** What a Writable passes on for a Buffer. */
const NO_ENCODING = 'buffer' as BufferEncoding;

function quoted(text: string | null): string {
  return (text ?? '').slice(0, LONGEST_QUOTED);
}

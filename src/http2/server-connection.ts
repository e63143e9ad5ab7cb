import { ConnectionError } from './connection-error.ts';
import type { ConnectionWriter } from './connection-writer.ts';
import { ControlFrames } from './control-frames.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  CLIENT_PREFACE,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  goawayFrame,
  MAX_STREAM_ID,
  pingFrame,
  rstStreamFrame,
  windowUpdateFrame,
} from './frames.ts';
import { HPACK_TABLE_BYTES } from './hpack-decoder.ts';
import { type Http2Limits, REFILL_BYTES, WINDOW_BYTES } from './limits.ts';
import { type RequestHandler, RequestReader } from './request-reader.ts';
import { Sender, type StreamOwner } from './sender.ts';
import type { ServerStream } from './server-stream.ts';
import { type PeerSettings, serverPreface } from './settings.ts';
import { StreamTable } from './stream-table.ts';

/** What a connection asks of those who serve it. */
export interface ConnectionHandler extends ConnectionWriter, RequestHandler {
  /** The client has shown that it speaks HTTP/2. */
  onPreface(): void;
  /** The client speaks something else: `bytes` are what it has sent, and come by further calls from then on. */
  onOtherProtocol(bytes: Buffer): void;
  /** The client broke the protocol, or overdid it. Its streams are closed, it is told by GOAWAY, and `finish` follows. */
  onConnectionError(error: ConnectionError): void;
  /** Milliseconds of a clock that never jumps. */
  now(): number;
}

const KEEPALIVE_PING = pingFrame(Buffer.from('keepaliv', 'latin1'), false);
const SHUTDOWN_PING = Buffer.from('leaving!', 'latin1');
/** GOAWAY that stops nothing yet, and a PING whose answer shows that it has arrived (RFC 9113, section 6.8). */
const SHUTDOWN_NOTICE = Buffer.concat([goawayFrame(MAX_STREAM_ID, ErrorCode.none), pingFrame(SHUTDOWN_PING, false)]);

/**
 * The server's side of one HTTP/2 connection (RFC 9113), as much of it as gRPC needs: no push, no priorities, no dynamic
 * table of its own. It holds no socket and no timer. Whatever a client does wrong costs that client alone: a stream is
 * reset, or the connection is ended with GOAWAY.
 */
export class ServerConnection implements FrameSink, StreamOwner {
  /** Set by every frame: the client is there. Whoever pings it looks at this, and clears it. */
  receivedSinceCheck = false;
  private readonly handler: ConnectionHandler;
  private readonly limits: Http2Limits;
  private readonly sender: Sender;
  private readonly streams = new StreamTable();
  private readonly requests: RequestReader;
  private readonly control: ControlFrames;
  private readonly guard: FloodGuard;
  private readonly reader = new FrameReader(this);
  private prefaceBytes = 0;
  private isOtherProtocol = false;
  private settingsReceived = false;
  private receiveWindow = WINDOW_BYTES;
  /** The stream of the DATA frame that is being read. */
  private dataStream: ServerStream | null = null;
  private shutdownAnnounced = false;
  private isFinished = false;

  constructor(handler: ConnectionHandler, limits: Http2Limits) {
    this.handler = handler;
    this.limits = limits;
    const sender = new Sender(this, handler);
    const guard = new FloodGuard(
      () => handler.now(),
      () => sender.sentBytes,
      limits,
    );
    const peer: PeerSettings = {
      initialWindowBytes: DEFAULT_WINDOW_BYTES,
      headerTableBytes: HPACK_TABLE_BYTES,
    };
    const shared = { streams: this.streams, sender, guard, peer };
    this.sender = sender;
    this.guard = guard;
    this.requests = new RequestReader({ ...shared, handler, limits, receiveWindow: WINDOW_BYTES });
    this.control = new ControlFrames({ ...shared, onPong: (payload) => this.onPong(payload) });
  }

  /** True once the client has sent the preface. */
  get prefaceReceived(): boolean {
    return this.prefaceBytes === CLIENT_PREFACE.length;
  }

  /** True while a request is being served. */
  get hasActiveStreams(): boolean {
    return this.streams.active > 0;
  }

  /**
   * Takes the next bytes of the client. They may be kept, so they must not be overwritten. Returns how many of them are
   * done with: all, unless `pause` was called.
   */
  receive(chunk: Buffer): number {
    if (this.isFinished) return chunk.length;
    this.sender.cork();
    try {
      const read = this.reader.push(chunk, this.prefaceReceived ? 0 : this.readPreface(chunk));
      this.finishIfDone();
      return read;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error);
      return chunk.length;
    } finally {
      this.sender.uncork();
    }
  }

  /** Reads nothing more, not even of the bytes that are being taken, until `resume`. */
  pause(): void {
    this.reader.pause();
  }

  resume(): void {
    this.reader.resume();
  }

  /** The host has taken the last write. */
  onWriteComplete(): void {
    this.sender.onWriteComplete();
  }

  /** Asks whether the client is there; its answer is heard. */
  ping(): void {
    if (!this.prefaceReceived) return;
    this.sender.sendFrame(KEEPALIVE_PING);
  }

  /** Asks the client to open no more streams; those that are on their way are served until it has answered, or `leaveNow`. */
  gracefulShutdown(): void {
    if (!this.prefaceReceived) this.sendFinalGoaway();
    if (this.isFinished || this.requests.goawaySent || this.shutdownAnnounced) return;
    this.shutdownAnnounced = true;
    this.sender.sendFrame(SHUTDOWN_NOTICE);
  }

  /** Takes no more streams, and finishes when those that are open have ended. */
  sendFinalGoaway(): void {
    if (this.isFinished || this.requests.goawaySent) return;
    this.requests.goawaySent = true;
    if (this.prefaceReceived) this.sender.sendFrame(goawayFrame(this.streams.lastId, ErrorCode.none));
    this.finishIfDone();
  }

  /** Resets streams that were ended more than `deadlineMs` ago without the client taking the rest of them. */
  resetStalled(nowMs: number, deadlineMs: number): void {
    this.streams.resetStalled(nowMs, deadlineMs);
  }

  /** The connection is gone; every stream that is left is told. */
  onSocketClosed(): void {
    this.sender.stop();
    this.closeStreams();
  }

  beginData(streamId: number, length: number): void {
    this.checkFrameOrder(FrameType.data);
    // this window cannot be overrun: it is opened again as soon as half of it is used
    this.receiveWindow -= length;
    const stream = this.streams.find(streamId);
    this.dataStream = stream;
    if (stream === null) {
      this.onClosedStream(streamId);
      return;
    }
    stream.receiveWindow -= length;
    if (!stream.remoteOpen) this.guard.reset(stream, ErrorCode.streamClosed);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.dataStream?.handler?.onData(bytes, start, end);
  }

  endData(length: number, endStream: boolean): void {
    const stream = this.dataStream;
    this.dataStream = null;
    if (length === 0 && !endStream) this.guard.countIdle();
    if (this.receiveWindow <= REFILL_BYTES) {
      this.sender.sendFrame(windowUpdateFrame(0, WINDOW_BYTES - this.receiveWindow));
      this.receiveWindow = WINDOW_BYTES;
    }
    if (stream === null || !stream.remoteOpen) return;
    if (stream.hasWrongLength(length, endStream)) this.guard.reset(stream, ErrorCode.protocol);
    else if (endStream) this.streams.halfClose(stream);
    else if (stream.receiveWindow < 0) this.guard.reset(stream, ErrorCode.flowControl);
    else stream.refillWindow();
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.checkFrameOrder(type);
    if (type === FrameType.data) this.onPaddedData(flags, streamId, bytes, start, end);
    else if (type === FrameType.headers) this.requests.onHeaders(flags, streamId, bytes, start, end);
    else if (type === FrameType.continuation) this.requests.onContinuation(flags, streamId, bytes, start, end);
    else this.control.onFrame(type, flags, streamId, bytes, start, end);
  }

  reserveBytes(change: number): boolean {
    return this.handler.reserveBytes(change);
  }

  streamFinished(stream: ServerStream): void {
    this.streams.closeLocal(stream);
    this.finishIfDone();
  }

  streamReset(stream: ServerStream): void {
    this.streams.markReset(stream.id);
    this.streams.close(stream);
    this.finishIfDone();
  }

  private onPong(payload: Buffer): void {
    if (this.shutdownAnnounced && payload.equals(SHUTDOWN_PING)) this.sendFinalGoaway();
  }

  /** DATA of a closed stream is a mistake, unless its client could not know. */
  private onClosedStream(streamId: number): void {
    this.guard.countControl();
    if (this.streams.wasReset(streamId)) return;
    this.streams.markReset(streamId);
    this.sender.sendFrame(rstStreamFrame(streamId, ErrorCode.streamClosed));
    this.guard.countReset();
  }

  /** Ends the connection because of what the client did. */
  private fail(error: ConnectionError): void {
    this.closeStreams();
    this.sender.sendFrame(goawayFrame(this.streams.lastId, error.code));
    this.sender.finish();
    this.handler.onConnectionError(error);
  }

  private closeStreams(): void {
    this.isFinished = true;
    this.reader.stop();
    this.requests.stop();
    this.streams.closeAll();
  }

  /** Compares what has come of the preface; returns where the first frame begins. */
  private readPreface(chunk: Buffer): number {
    const bytes = Math.min(chunk.length, CLIENT_PREFACE.length - this.prefaceBytes);
    const differs = chunk.compare(CLIENT_PREFACE, this.prefaceBytes, this.prefaceBytes + bytes, 0, bytes) !== 0;
    if (this.isOtherProtocol || differs) {
      const all = Buffer.concat([CLIENT_PREFACE.subarray(0, this.prefaceBytes), chunk]);
      this.prefaceBytes = 0;
      this.isOtherProtocol = true;
      this.handler.onOtherProtocol(all);
      return chunk.length;
    }
    this.prefaceBytes += bytes;
    if (!this.prefaceReceived) return bytes;
    this.sender.sendFrame(serverPreface(this.limits));
    this.handler.onPreface();
    return bytes;
  }

  /** What may come where: SETTINGS first, and nothing between the frames of a header block. */
  private checkFrameOrder(type: number): void {
    // a header block that goes on and on is no sign of life
    if (type !== FrameType.continuation) this.receivedSinceCheck = true;
    if (this.requests.isInHeaderBlock !== (type === FrameType.continuation)) {
      throw new ConnectionError(ErrorCode.protocol, 'header block not continued, or CONTINUATION without one');
    }
    if (this.settingsReceived) return;
    if (type !== FrameType.settings) throw new ConnectionError(ErrorCode.protocol, 'the first frame is not SETTINGS');
    this.settingsReceived = true;
  }

  private onPaddedData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const contentEnd = end - (start < end ? (bytes[start] as number) : 0);
    if (contentEnd <= start) throw new ConnectionError(ErrorCode.protocol, 'more padding than frame');
    this.beginData(streamId, end - start);
    if (contentEnd > start + 1) this.onData(bytes, start + 1, contentEnd);
    this.endData(contentEnd - start - 1, (flags & Flag.endStream) !== 0);
  }

  private finishIfDone(): void {
    if (!this.requests.goawaySent || this.streams.active > 0 || this.isFinished) return;
    this.isFinished = true;
    this.sender.finish();
  }
}

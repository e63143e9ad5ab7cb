import { ControlFrames } from './control-frames.ts';
import { DataFrameCache } from './data-frames.ts';
import { ConnectionError, ErrorCode } from './errors.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  CLIENT_PREFACE,
  DEFAULT_WINDOW_BYTES,
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
import type { ConnectionWriter } from './write-buffer.ts';

/** Serves one connection: writes its bytes and handles its requests. */
export interface ConnectionHandler extends ConnectionWriter, RequestHandler {
  /** The client's preface is complete. */
  onPreface(): void;
  /** The connection does not start with the preface. Called with all bytes received so far, then for each further chunk. */
  onOtherProtocol(bytes: Buffer): void;
  /** The client violated the protocol or a limit. Its streams are closed and GOAWAY is queued; `finish` follows. */
  onConnectionError(error: ConnectionError): void;
  /** Monotonic milliseconds. */
  now(): number;
}

const KEEPALIVE_PING = pingFrame(Buffer.from('keepaliv', 'latin1'), false);
const SHUTDOWN_PING = Buffer.from('leaving!', 'latin1');
/** GOAWAY that refuses nothing yet, and a PING whose answer shows that it has arrived (RFC 9113, section 6.8). */
const SHUTDOWN_NOTICE = Buffer.concat([goawayFrame(MAX_STREAM_ID, ErrorCode.none), pingFrame(SHUTDOWN_PING, false)]);

/**
 * The server side of one HTTP/2 connection (RFC 9113), limited to what gRPC needs: no push, no priorities, no dynamic table
 * for sending. Has no socket and no timer. An error of the client affects that client alone: its stream is reset, or its
 * connection is closed with GOAWAY.
 */
export class ServerConnection implements FrameSink, StreamOwner {
  /** Set by every frame except CONTINUATION. The keepalive check reads and clears it. */
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
  /** The stream of the current DATA frame. */
  private dataStream: ServerStream | null = null;
  private shutdownAnnounced = false;
  private isFinished = false;

  /** `dataFrames`: shared by the connections of a transport. */
  constructor(handler: ConnectionHandler, limits: Http2Limits, dataFrames = new DataFrameCache()) {
    this.handler = handler;
    this.limits = limits;
    const sender = new Sender(this, handler, dataFrames);
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

  /** True once the client's preface is complete. */
  get prefaceReceived(): boolean {
    return this.prefaceBytes === CLIENT_PREFACE.length;
  }

  /** True while requests are being served. */
  get hasActiveStreams(): boolean {
    return this.streams.active > 0;
  }

  /**
   * Reads the next bytes of the client. They may be kept, so they must not be overwritten. Returns the number of bytes read,
   * which is all of them unless `pause` was called.
   */
  receive(chunk: Buffer): number {
    if (this.isFinished) return chunk.length;
    this.sender.cork();
    try {
      const bytesRead = this.reader.push(chunk, this.prefaceReceived ? 0 : this.readPreface(chunk));
      this.finishIfDone();
      return bytesRead;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error);
      return chunk.length;
    } finally {
      this.sender.uncork();
    }
  }

  /** Stops reading until `resume`, even within the chunk being read. */
  pause(): void {
    this.reader.pause();
  }

  resume(): void {
    this.reader.resume();
  }

  /** The last write is complete. */
  onWriteComplete(): void {
    this.sender.onWriteComplete();
  }

  /** Sends a keepalive PING. Its answer sets `receivedSinceCheck`. */
  ping(): void {
    if (!this.prefaceReceived) return;
    this.sender.sendFrame(KEEPALIVE_PING);
  }

  /** Sends GOAWAY. New streams are still served until the client has answered the PING, or `sendFinalGoaway` is called. */
  gracefulShutdown(): void {
    if (!this.prefaceReceived) this.sendFinalGoaway();
    if (this.isFinished || this.requests.goawaySent || this.shutdownAnnounced) return;
    this.shutdownAnnounced = true;
    this.sender.sendFrame(SHUTDOWN_NOTICE);
  }

  /** Refuses new streams, and finishes when the open ones have ended. */
  sendFinalGoaway(): void {
    if (this.isFinished || this.requests.goawaySent) return;
    this.requests.goawaySent = true;
    if (this.prefaceReceived) this.sender.sendFrame(goawayFrame(this.streams.lastId, ErrorCode.none));
    this.finishIfDone();
  }

  /** Resets streams whose trailers are blocked for longer than `deadlineMs` because the client does not read. */
  resetStalled(nowMs: number, deadlineMs: number): void {
    this.streams.resetStalled(nowMs, deadlineMs);
  }

  /** The socket is closed: closes the remaining streams. */
  onSocketClosed(): void {
    this.sender.stop();
    this.closeStreams();
  }

  beginData(streamId: number, length: number): void {
    this.checkFrameOrder(FrameType.data);
    // cannot become negative: refilled as soon as half of it is used
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

  /** DATA on a closed stream is an error, unless it was sent before the client received the RST_STREAM. */
  private onClosedStream(streamId: number): void {
    this.guard.countControl();
    if (this.streams.wasReset(streamId)) return;
    this.streams.markReset(streamId);
    this.sender.sendFrame(rstStreamFrame(streamId, ErrorCode.streamClosed));
    this.guard.countReset();
  }

  /** Closes the connection for an error of the client. */
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

  /** Compares the received part of the preface. Returns the position of the first frame. */
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

  /** Checks the frame order: SETTINGS first, and nothing between the frames of a header block. */
  private checkFrameOrder(type: number): void {
    // an endless header block does not count as activity
    if (type !== FrameType.continuation) this.receivedSinceCheck = true;
    if (this.requests.isInHeaderBlock !== (type === FrameType.continuation)) {
      throw new ConnectionError(ErrorCode.protocol, 'header block not continued, or CONTINUATION without one');
    }
    if (this.settingsReceived) return;
    if (type !== FrameType.settings) throw new ConnectionError(ErrorCode.protocol, 'the first frame is not SETTINGS');
    this.settingsReceived = true;
  }

  private onPaddedData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const payloadEnd = end - (start < end ? (bytes[start] as number) : 0);
    if (payloadEnd <= start) throw new ConnectionError(ErrorCode.protocol, 'more padding than frame');
    this.beginData(streamId, end - start);
    if (payloadEnd > start + 1) this.onData(bytes, start + 1, payloadEnd);
    this.endData(payloadEnd - start - 1, (flags & Flag.endStream) !== 0);
  }

  private finishIfDone(): void {
    if (!this.requests.goawaySent || this.streams.active > 0 || this.isFinished) return;
    this.isFinished = true;
    this.sender.finish();
  }
}

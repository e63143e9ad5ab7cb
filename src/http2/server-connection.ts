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
import { type RequestHost, RequestReader } from './request-reader.ts';
import { Sender, type StreamOwner } from './sender.ts';
import type { ServerStream } from './server-stream.ts';
import { greeting, type PeerSettings } from './settings.ts';
import { StreamTable } from './stream-table.ts';

/** What a connection asks of those who serve it. */
export interface ConnectionHost extends ConnectionWriter, RequestHost {
  /** The client has shown that it speaks HTTP/2. */
  greeted(): void;
  /** The client speaks something else: `bytes` are what it has sent, and come by further calls from then on. */
  otherProtocol(bytes: Buffer): void;
  /** The client broke the protocol, or overdid it. Its streams are closed, it is told by GOAWAY, and `finish` follows. */
  failed(error: ConnectionError): void;
  /** Milliseconds of a clock that never jumps. */
  now(): number;
}

const KEEPALIVE_PING = pingFrame(Buffer.from('keepaliv', 'latin1'), false);
const LEAVING = Buffer.from('leaving!', 'latin1');
/** GOAWAY that stops nothing yet, and a PING whose answer shows that it has arrived (RFC 9113, section 6.8). */
const LEAVING_SOON = Buffer.concat([goawayFrame(MAX_STREAM_ID, ErrorCode.none), pingFrame(LEAVING, false)]);

/**
 * The server's side of one HTTP/2 connection (RFC 9113), as much of it as gRPC needs: no push, no priorities, no dynamic
 * table of its own. It holds no socket and no timer. Whatever a client does wrong costs that client alone: a stream is
 * reset, or the connection is ended with GOAWAY.
 */
export class ServerConnection implements FrameSink, StreamOwner {
  /** Set by every frame: the client is there. Whoever pings it looks at this, and clears it. */
  heard = false;
  private readonly host: ConnectionHost;
  private readonly limits: Http2Limits;
  private readonly sender: Sender;
  private readonly streams = new StreamTable();
  private readonly requests: RequestReader;
  private readonly control: ControlFrames;
  private readonly guard: FloodGuard;
  private readonly reader = new FrameReader(this);
  private prefaceBytes = 0;
  private isOtherProtocol = false;
  private hasSettings = false;
  private receiveWindow = WINDOW_BYTES;
  /** The stream of the DATA frame that is being read. */
  private current: ServerStream | null = null;
  private isLeavingSoon = false;
  private isOver = false;

  constructor(host: ConnectionHost, limits: Http2Limits) {
    this.host = host;
    this.limits = limits;
    const sender = new Sender(this, host);
    const guard = new FloodGuard(
      () => host.now(),
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
    this.requests = new RequestReader({ ...shared, host, limits, receiveWindow: WINDOW_BYTES });
    this.control = new ControlFrames({ ...shared, onPong: (payload) => this.onPong(payload) });
  }

  /** True once the client has sent the preface. */
  get isGreeted(): boolean {
    return this.prefaceBytes === CLIENT_PREFACE.length;
  }

  /** True while a request is being served. */
  get isServing(): boolean {
    return this.streams.active > 0;
  }

  /**
   * Takes the next bytes of the client. They may be kept, so they must not be overwritten. Returns how many of them are
   * done with: all, unless `pause` was called.
   */
  receive(chunk: Buffer): number {
    if (this.isOver) return chunk.length;
    this.sender.cork();
    try {
      const read = this.reader.push(chunk, this.isGreeted ? 0 : this.readPreface(chunk));
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
  written(): void {
    this.sender.written();
  }

  /** Asks whether the client is there; its answer is heard. */
  ping(): void {
    if (!this.isGreeted) return;
    this.sender.frame(KEEPALIVE_PING);
  }

  /** Asks the client to open no more streams; those that are on their way are served until it has answered, or `leaveNow`. */
  leave(): void {
    if (!this.isGreeted) this.leaveNow();
    if (this.isOver || this.requests.isLeaving || this.isLeavingSoon) return;
    this.isLeavingSoon = true;
    this.sender.frame(LEAVING_SOON);
  }

  /** Takes no more streams, and finishes when those that are open have ended. */
  leaveNow(): void {
    if (this.isOver || this.requests.isLeaving) return;
    this.requests.isLeaving = true;
    if (this.isGreeted) this.sender.frame(goawayFrame(this.streams.lastId, ErrorCode.none));
    this.finishIfDone();
  }

  /** Resets streams that were ended more than `deadlineMs` ago without the client taking the rest of them. */
  resetStalled(nowMs: number, deadlineMs: number): void {
    this.streams.resetStalled(nowMs, deadlineMs);
  }

  /** The connection is gone; every stream that is left is told. */
  closed(): void {
    this.sender.stop();
    this.dropAll();
  }

  beginData(streamId: number, length: number): void {
    this.expect(FrameType.data);
    // this window cannot be overrun: it is opened again as soon as half of it is used
    this.receiveWindow -= length;
    const stream = this.streams.find(streamId);
    this.current = stream;
    if (stream === null) {
      this.onClosedStream(streamId);
      return;
    }
    stream.receiveWindow -= length;
    if (!stream.remoteOpen) this.guard.reset(stream, ErrorCode.streamClosed);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.current?.handler?.onData(bytes, start, end);
  }

  endData(length: number, endStream: boolean): void {
    const stream = this.current;
    this.current = null;
    if (length === 0 && !endStream) this.guard.countIdle();
    if (this.receiveWindow <= REFILL_BYTES) {
      this.sender.frame(windowUpdateFrame(0, WINDOW_BYTES - this.receiveWindow));
      this.receiveWindow = WINDOW_BYTES;
    }
    if (stream === null || !stream.remoteOpen) return;
    if (stream.hasWrongLength(length, endStream)) this.guard.reset(stream, ErrorCode.protocol);
    else if (endStream) this.streams.halfClose(stream);
    else if (stream.receiveWindow < 0) this.guard.reset(stream, ErrorCode.flowControl);
    else stream.refill();
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.expect(type);
    if (type === FrameType.data) this.onPaddedData(flags, streamId, bytes, start, end);
    else if (type === FrameType.headers) this.requests.onHeaders(flags, streamId, bytes, start, end);
    else if (type === FrameType.continuation) this.requests.onContinuation(flags, streamId, bytes, start, end);
    else this.control.onFrame(type, flags, streamId, bytes, start, end);
  }

  holdBytes(change: number): boolean {
    return this.host.holdBytes(change);
  }

  streamFinished(stream: ServerStream): void {
    this.streams.retire(stream);
    this.finishIfDone();
  }

  streamReset(stream: ServerStream): void {
    this.streams.giveUp(stream.id);
    this.streams.drop(stream);
    this.finishIfDone();
  }

  private onPong(payload: Buffer): void {
    if (this.isLeavingSoon && payload.equals(LEAVING)) this.leaveNow();
  }

  /** DATA of a closed stream is a mistake, unless its client could not know. */
  private onClosedStream(streamId: number): void {
    this.guard.countControl();
    if (this.streams.wasGivenUp(streamId)) return;
    this.streams.giveUp(streamId);
    this.sender.frame(rstStreamFrame(streamId, ErrorCode.streamClosed));
    this.guard.countReset();
  }

  /** Ends the connection because of what the client did. */
  private fail(error: ConnectionError): void {
    this.dropAll();
    this.sender.frame(goawayFrame(this.streams.lastId, error.code));
    this.sender.finish();
    this.host.failed(error);
  }

  private dropAll(): void {
    this.isOver = true;
    this.reader.stop();
    this.requests.stop();
    this.streams.dropAll();
  }

  /** Compares what has come of the preface; returns where the first frame begins. */
  private readPreface(chunk: Buffer): number {
    const bytes = Math.min(chunk.length, CLIENT_PREFACE.length - this.prefaceBytes);
    const differs = chunk.compare(CLIENT_PREFACE, this.prefaceBytes, this.prefaceBytes + bytes, 0, bytes) !== 0;
    if (this.isOtherProtocol || differs) {
      const all = Buffer.concat([CLIENT_PREFACE.subarray(0, this.prefaceBytes), chunk]);
      this.prefaceBytes = 0;
      this.isOtherProtocol = true;
      this.host.otherProtocol(all);
      return chunk.length;
    }
    this.prefaceBytes += bytes;
    if (!this.isGreeted) return bytes;
    this.sender.frame(greeting(this.limits));
    this.host.greeted();
    return bytes;
  }

  /** What may come where: SETTINGS first, and nothing between the frames of a header block. */
  private expect(type: number): void {
    // a header block that goes on and on is no sign of life
    if (type !== FrameType.continuation) this.heard = true;
    if (this.requests.isAmidBlock !== (type === FrameType.continuation)) {
      throw new ConnectionError(ErrorCode.protocol, 'header block not continued, or CONTINUATION without one');
    }
    if (this.hasSettings) return;
    if (type !== FrameType.settings) throw new ConnectionError(ErrorCode.protocol, 'the first frame is not SETTINGS');
    this.hasSettings = true;
  }

  private onPaddedData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const contentEnd = end - (start < end ? (bytes[start] as number) : 0);
    if (contentEnd <= start) throw new ConnectionError(ErrorCode.protocol, 'more padding than frame');
    this.beginData(streamId, end - start);
    if (contentEnd > start + 1) this.onData(bytes, start + 1, contentEnd);
    this.endData(contentEnd - start - 1, (flags & Flag.endStream) !== 0);
  }

  private finishIfDone(): void {
    if (!this.requests.isLeaving || this.streams.active > 0 || this.isOver) return;
    this.isOver = true;
    this.sender.finish();
  }
}

import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  CLIENT_PREFACE,
  ErrorCode,
  Flag,
  FrameType,
  goawayFrame,
  MAX_FRAME_BYTES,
  pingFrame,
  readUint32,
  rstStreamFrame,
  SETTINGS_ACK,
  Setting,
  settingsFrame,
  windowUpdateFrame,
} from './frames.ts';
import { HeaderBlocks } from './header-blocks.ts';
import { RateLimit } from './rate-limit.ts';
import { MAX_HEADER_LIST_BYTES, RequestHeaders } from './request-headers.ts';
import { type Outlet, Sender, type StreamOwner } from './sender.ts';
import { ServerStream, type StreamHandler } from './server-stream.ts';
import { applySettings, type PeerSettings } from './settings.ts';

/** What a connection asks of those who serve it. */
export interface ConnectionHost extends Outlet {
  /** A request has begun; what it answers is told what follows. Null when it was ended or reset at once. */
  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null;
  /** The client has shown that it speaks HTTP/2. */
  greeted(): void;
  /** The client broke the protocol, or overdid it. It was told by GOAWAY, its streams are closed, `finish` follows. */
  failed(code: number, details: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Streams that one connection may have open at a time: a client needs a handful, and a hundred may share a connection. */
const MAX_STREAMS = 512;
/** What a client may send ahead. Nothing is buffered here, so it only has to be enough not to hold anybody up. */
const WINDOW_BYTES = 1024 * 1024;
const WINDOW_REFILL_BYTES = WINDOW_BYTES / 2;
const FIRST_WINDOW_BYTES = 65_535;

const GREETING = Buffer.concat([
  settingsFrame([
    [Setting.maxConcurrentStreams, MAX_STREAMS],
    [Setting.initialWindowSize, WINDOW_BYTES],
    [Setting.maxHeaderListSize, MAX_HEADER_LIST_BYTES],
  ]),
  windowUpdateFrame(0, WINDOW_BYTES - FIRST_WINDOW_BYTES),
]);
const PING_CONTENT = Buffer.from('keepaliv', 'latin1');

/** Streams that a client may reset, and frames that it may send without need: at once, and per second in the long run. */
const RESETS = { burst: 1000, perSecond: 100 } as const;
const IDLE_FRAMES = { burst: 1000, perSecond: 100 } as const;

/**
 * The server's side of one HTTP/2 connection (RFC 9113), as much of it as gRPC needs: no push, no priorities, no dynamic
 * table of our own. It holds no socket and no timer. Whatever a client does wrong costs that client alone: a stream is
 * reset, or the connection is ended with GOAWAY.
 */
export class ServerConnection implements FrameSink, StreamOwner {
  readonly sender: Sender;
  /** Streams that are not closed on both sides. */
  private readonly streams = new Map<number, ServerStream>();
  private readonly host: ConnectionHost;
  private readonly reader = new FrameReader(this);
  private readonly blocks = new HeaderBlocks();
  private readonly peer: PeerSettings = { initialWindowBytes: FIRST_WINDOW_BYTES, maxFrameBytes: MAX_FRAME_BYTES };
  private prefaceBytes = 0;
  private hasSettings = false;
  private lastStreamId = 0;
  /** The stream of the DATA frame that is being read, and of the last one: most frames are of one stream. */
  private current: ServerStream | null = null;
  private last: ServerStream | null = null;
  private receiveWindow = WINDOW_BYTES;
  /** Streams that have something to get or to say. */
  private active = 0;
  private isOver = false;
  private isLeaving = false;
  private resets: RateLimit | null = null;
  private idleFrames: RateLimit | null = null;
  /** Set by every frame: the client is there. Whoever pings it looks at this, and clears it. */
  heard = false;

  constructor(host: ConnectionHost) {
    this.host = host;
    this.sender = new Sender(this, host);
  }

  /** True once the client has sent the preface. */
  get isGreeted(): boolean {
    return this.prefaceBytes === CLIENT_PREFACE.length;
  }

  /** Takes the next bytes of the client. They may be kept, so they must not be overwritten. */
  receive(chunk: Buffer): void {
    if (this.isOver) return;
    this.sender.cork();
    const pos = this.isGreeted ? 0 : this.readPreface(chunk);
    this.reader.push(chunk, pos);
    this.sender.uncork();
  }

  /** Asks whether the client is there; its answer is heard. */
  ping(): void {
    this.sender.frame(pingFrame(PING_CONTENT, false));
  }

  /** Takes no more streams, and finishes when those that are open have ended. */
  leave(): void {
    if (this.isOver || this.isLeaving) return;
    this.isLeaving = true;
    this.sender.frame(goawayFrame(this.lastStreamId, ErrorCode.none));
    this.finishIfDone();
  }

  /** Resets streams that were ended more than `deadlineMs` ago without the client taking the rest of them. */
  resetStalled(nowMs: number, deadlineMs: number): void {
    for (const stream of this.streams.values()) {
      if (stream.trailers === null) continue;
      if (stream.stalledSinceMs === 0) stream.stalledSinceMs = nowMs;
      else if (nowMs - stream.stalledSinceMs > deadlineMs) stream.reset(ErrorCode.enhanceYourCalm);
    }
  }

  /** The connection is gone; every stream that is left is told. */
  closed(): void {
    this.isOver = true;
    this.reader.stop();
    for (const stream of [...this.streams.values()]) this.drop(stream);
  }

  beginData(streamId: number, length: number): void {
    this.heard = true;
    if (!this.mayRead(FrameType.data)) return;
    const stream = this.last?.id === streamId ? this.last : this.find(streamId);
    if (this.isOver) return;
    this.current = stream;
    this.receiveWindow -= length;
    if (this.receiveWindow < 0) this.fail(ErrorCode.flowControl, 'DATA beyond the window of the connection');
    else if (stream !== null) this.accept(stream, length); // else it was closed meanwhile
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.current?.handler?.onData(bytes, start, end);
  }

  endData(length: number, endStream: boolean): void {
    if (length === 0 && !endStream) this.countIdle();
    const stream = this.current;
    this.current = null;
    if (this.isOver) return;
    if (this.receiveWindow <= WINDOW_REFILL_BYTES) {
      this.sender.frame(windowUpdateFrame(0, WINDOW_BYTES - this.receiveWindow));
      this.receiveWindow = WINDOW_BYTES;
    }
    if (stream === null || !stream.remoteOpen) return;
    if (endStream) this.halfClose(stream);
    else if (stream.receiveWindow <= WINDOW_REFILL_BYTES) {
      this.sender.frame(windowUpdateFrame(stream.id, WINDOW_BYTES - stream.receiveWindow));
      stream.receiveWindow = WINDOW_BYTES;
    }
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.heard = true;
    if (!this.mayRead(type)) return;
    if (type === FrameType.windowUpdate) this.onWindowUpdate(streamId, bytes, start, end);
    else if (type === FrameType.headers) this.onHeaders(flags, streamId, bytes, start, end);
    else if (type === FrameType.data) this.onPaddedData(flags, streamId, bytes, start, end);
    else if (type === FrameType.rstStream) this.onReset(streamId, end - start);
    else if (type === FrameType.settings) this.onSettings(flags, streamId, bytes, start, end);
    else if (type === FrameType.ping) this.onPing(flags, streamId, bytes, start, end);
    else if (type === FrameType.continuation) this.onContinuation(flags, streamId, bytes, start, end);
    else if (type === FrameType.pushPromise) this.fail(ErrorCode.protocol, 'PUSH_PROMISE from a client');
    else if (type === FrameType.goaway)
      this.countIdle(); // the client ends by closing
    else this.onOther(type, streamId, end - start);
  }

  onOversize(): void {
    this.fail(ErrorCode.frameSize, 'frame too large');
  }

  streamFinished(stream: ServerStream): void {
    this.retire(stream);
    if (!stream.remoteOpen) this.remove(stream);
    this.finishIfDone();
  }

  streamReset(stream: ServerStream): void {
    this.drop(stream);
    this.finishIfDone();
  }

  /** Ends the connection because of what the client did. */
  private fail(code: number, details: string): void {
    if (this.isOver) return;
    this.closed();
    this.host.failed(code, details);
    this.sender.frame(goawayFrame(this.lastStreamId, code));
    this.sender.finish();
  }

  /** Compares what has come of the preface; returns where the first frame begins. */
  private readPreface(chunk: Buffer): number {
    const bytes = Math.min(chunk.length, CLIENT_PREFACE.length - this.prefaceBytes);
    if (chunk.compare(CLIENT_PREFACE, this.prefaceBytes, this.prefaceBytes + bytes, 0, bytes) !== 0) {
      this.fail(ErrorCode.protocol, 'no HTTP/2 client preface');
      return bytes;
    }
    this.prefaceBytes += bytes;
    if (!this.isGreeted) return bytes;
    this.sender.frame(GREETING);
    this.host.greeted();
    return bytes;
  }

  /** What may come where: SETTINGS first, and nothing between the frames of a header block. */
  private mayRead(type: number): boolean {
    if (this.blocks.isOpen !== (type === FrameType.continuation)) {
      this.fail(ErrorCode.protocol, 'header block not continued, or CONTINUATION without one');
    } else if (!this.hasSettings && type !== FrameType.settings) {
      this.fail(ErrorCode.protocol, 'the first frame is not SETTINGS');
    }
    return !this.isOver;
  }

  /** The stream that a frame is for; null when it is closed. One that was never opened ends the connection. */
  private find(streamId: number): ServerStream | null {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) return stream;
    if (streamId === 0 || streamId % 2 === 0 || streamId > this.lastStreamId) {
      this.fail(ErrorCode.protocol, 'frame for a stream that was not opened');
    }
    return null;
  }

  private accept(stream: ServerStream, length: number): void {
    this.last = stream;
    stream.receiveWindow -= length;
    if (!stream.remoteOpen) stream.reset(ErrorCode.streamClosed);
    else if (stream.receiveWindow < 0) stream.reset(ErrorCode.flowControl);
  }

  private onPaddedData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const contentEnd = end - (start < end ? (bytes[start] as number) : 0);
    if (contentEnd <= start) {
      this.fail(ErrorCode.protocol, 'more padding than frame');
      return;
    }
    this.beginData(streamId, end - start);
    if (contentEnd > start + 1) this.onData(bytes, start + 1, contentEnd);
    this.endData(contentEnd - start - 1, (flags & Flag.endStream) !== 0);
  }

  private onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId % 2 === 0) {
      this.fail(ErrorCode.protocol, 'HEADERS for a stream that is not the client\u2019s to open');
      return;
    }
    if (!this.blocks.begin(flags, streamId, bytes, start, end)) this.fail(ErrorCode.protocol, 'HEADERS make no sense');
    else this.readBlock();
  }

  private onContinuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const fault = this.blocks.continue(flags, streamId, bytes, start, end);
    if (fault === null) this.readBlock();
    else this.fail(fault, 'CONTINUATION of another stream, or without end');
  }

  /** Reads the header block once it is complete. */
  private readBlock(): void {
    if (this.blocks.isOpen) return;
    const { streamId, endStream } = this.blocks;
    const headers = new RequestHeaders();
    if (!this.blocks.decode(headers)) {
      this.fail(ErrorCode.compression, 'header block cannot be decoded');
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.onTrailers(stream, headers, endStream);
    else if (streamId > this.lastStreamId) this.open(streamId, headers, endStream);
    else this.countIdle(); // of a stream that was reset meanwhile
  }

  private onTrailers(stream: ServerStream, headers: RequestHeaders, endStream: boolean): void {
    if (!stream.remoteOpen) stream.reset(ErrorCode.streamClosed);
    else if (!endStream || headers.areMalformedTrailers) stream.reset(ErrorCode.protocol);
    else this.halfClose(stream);
  }

  private open(streamId: number, headers: RequestHeaders, endStream: boolean): void {
    this.lastStreamId = streamId;
    const refusal = this.whyNot(headers);
    if (refusal !== ErrorCode.none) {
      this.sender.frame(rstStreamFrame(streamId, refusal));
      this.countIdle();
      return;
    }
    const stream = new ServerStream(streamId, this.sender, this.peer.initialWindowBytes, WINDOW_BYTES);
    this.streams.set(streamId, stream);
    this.active++;
    stream.handler = NOBODY;
    const handler = this.host.openStream(stream, headers);
    if (stream.handler === NOBODY && handler !== null) stream.handler = handler;
    if (endStream) this.halfClose(stream);
  }

  /** The error code to refuse a request with; 0 for one that is served. */
  private whyNot(headers: RequestHeaders): number {
    if (headers.isTooLarge) return ErrorCode.enhanceYourCalm;
    if (headers.isMalformed) return ErrorCode.protocol;
    if (this.isLeaving) return ErrorCode.refusedStream;
    if (this.streams.size >= MAX_STREAMS && !this.dropHalfClosed()) return ErrorCode.refusedStream;
    return ErrorCode.none;
  }

  /** Gives up the oldest stream that the server has ended and the client has not; false when there is none. */
  private dropHalfClosed(): boolean {
    for (const stream of this.streams.values()) {
      if (stream.handler !== null) continue;
      stream.reset(ErrorCode.none);
      return true;
    }
    return false;
  }

  private halfClose(stream: ServerStream): void {
    stream.remoteOpen = false;
    if (stream.handler === null) this.remove(stream);
    else stream.handler.onEnd();
  }

  private onReset(streamId: number, length: number): void {
    if (length !== 4) {
      this.fail(ErrorCode.frameSize, 'RST_STREAM of a wrong length');
      return;
    }
    const stream = this.find(streamId);
    if (this.isOver) return;
    if (stream === null) return;
    if (stream.handler !== null) this.countReset();
    this.sender.forget(stream);
    this.drop(stream);
    this.finishIfDone();
  }

  private onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.hasSettings = true;
    const isAck = (flags & Flag.ack) !== 0;
    if (streamId !== 0 || (isAck && end > start)) {
      this.fail(ErrorCode.protocol, 'SETTINGS make no sense');
      return;
    }
    this.countIdle();
    if (isAck || this.isOver) return;
    const windowBefore = this.peer.initialWindowBytes;
    const fault = applySettings(this.peer, bytes, start, end);
    if (fault !== ErrorCode.none) {
      this.fail(fault, 'SETTINGS make no sense');
      return;
    }
    this.sender.limitFrames(this.peer.maxFrameBytes);
    this.sender.frame(SETTINGS_ACK);
    const change = this.peer.initialWindowBytes - windowBefore;
    if (change === 0) return;
    for (const stream of this.streams.values()) {
      if (!this.sender.openWindow(stream, change)) this.fail(ErrorCode.flowControl, 'window beyond 2^31');
    }
  }

  private onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0 || end - start !== 8) this.fail(ErrorCode.frameSize, 'PING makes no sense');
    else if ((flags & Flag.ack) === 0) this.sender.frame(pingFrame(bytes.subarray(start, end), true));
  }

  private onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) {
      this.fail(ErrorCode.frameSize, 'WINDOW_UPDATE of a wrong length');
      return;
    }
    const increment = readUint32(bytes, start) & 0x7fffffff;
    const stream = streamId === 0 ? null : this.find(streamId);
    if (this.isOver) return;
    if (streamId !== 0 && stream === null) return; // closed meanwhile
    if (stream === null) {
      if (increment === 0) this.fail(ErrorCode.protocol, 'window update of nought');
      else if (!this.sender.openWindow(null, increment)) this.fail(ErrorCode.flowControl, 'window beyond 2^31');
    } else if (increment === 0) stream.reset(ErrorCode.protocol);
    else if (!this.sender.openWindow(stream, increment)) stream.reset(ErrorCode.flowControl);
  }

  /** PRIORITY, which nothing follows from, and types that are not known, which are to be ignored. */
  private onOther(type: number, streamId: number, length: number): void {
    if (type === FrameType.priority && (streamId === 0 || length !== 5)) {
      this.fail(ErrorCode.frameSize, 'PRIORITY makes no sense');
    } else this.countIdle();
  }

  /** Counts a request that was given up: each one costs more than its reset costs the client. */
  private countReset(): void {
    const now = this.host.now();
    this.resets ??= new RateLimit(RESETS.burst, RESETS.perSecond, now);
    if (!this.resets.take(now)) this.fail(ErrorCode.enhanceYourCalm, 'too many streams reset');
  }

  /** Counts a frame that a client has no need to send often. */
  private countIdle(): void {
    const now = this.host.now();
    this.idleFrames ??= new RateLimit(IDLE_FRAMES.burst, IDLE_FRAMES.perSecond, now);
    if (!this.idleFrames.take(now)) this.fail(ErrorCode.enhanceYourCalm, 'too many frames without need');
  }

  /** The server is done with the stream. */
  private retire(stream: ServerStream): void {
    const { handler } = stream;
    if (handler === null) return;
    stream.handler = null;
    this.active--;
    handler.onClosed();
  }

  private remove(stream: ServerStream): void {
    this.streams.delete(stream.id);
    if (this.last === stream) this.last = null;
  }

  private drop(stream: ServerStream): void {
    stream.remoteOpen = stream.localOpen = false;
    this.remove(stream);
    this.retire(stream);
  }

  private finishIfDone(): void {
    if (this.isLeaving && this.active === 0 && !this.isOver) {
      this.isOver = true;
      this.sender.finish();
    }
  }
}

/** Stands in while the real handler is being made. */
const NOBODY: StreamHandler = { onData: () => {}, onEnd: () => {}, onTaken: () => {}, onClosed: () => {} };

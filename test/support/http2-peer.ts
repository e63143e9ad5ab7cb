import assert from 'node:assert/strict';
import {
  type ConnectionError,
  type ConnectionHandler,
  type Http2Limits,
  type RequestHeaders,
  ServerConnection,
  type ServerStream,
  type StreamHandler,
} from '../../src/http2/index.ts';
import { encodeHeaders, type HeaderField, HpackDecoder } from './hpack.ts';
import { encodeFrame, Flag, type Frame, FrameParser, FrameType, PREFACE, settingsFrame } from './http2-frames.ts';

/** Response to a served request: one header block that ends the stream. */
export const ANSWER = encodeHeaders([[':status', '200']]);
/** The trailers of a response with a body. */
export const TRAILERS = encodeHeaders([['grpc-status', '0']]);

/** Records the events of a request; asserts that none follows its end. */
export class Served implements StreamHandler {
  readonly stream: ServerStream;
  readonly headers: RequestHeaders;
  ends = 0;
  writesCompleted = 0;
  closes = 0;
  whenData: () => void = () => {};
  whenEnded: () => void = () => {};
  whenWriteComplete: () => void = () => {};
  whenClosed: () => void = () => {};
  private writes = 0;
  private readonly chunks: Buffer[] = [];

  constructor(stream: ServerStream, headers: RequestHeaders) {
    this.stream = stream;
    this.headers = headers;
  }

  /** The request body received so far. */
  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    assert.ok(0 <= start && start < end && end <= bytes.length, `data from ${start} to ${end}`);
    assert.deepEqual([this.ends, this.closes], [0, 0], 'data behind the end');
    this.chunks.push(bytes.subarray(start, end));
    this.whenData();
  }

  onEnd(): void {
    this.ends++;
    assert.deepEqual([this.ends, this.closes], [1, 0], 'ended again, or behind the end');
    this.whenEnded();
  }

  onWriteComplete(): void {
    this.writesCompleted++;
    assert.equal(this.closes, 0, 'a write completed after the close');
    this.whenWriteComplete();
  }

  onClosed(): void {
    this.closes++;
    assert.equal(this.closes, 1, 'closed again');
    this.whenClosed();
  }

  answer(): void {
    this.stream.end(ANSWER);
  }

  /** True until the last write completes. */
  get isWriting(): boolean {
    return this.writes > this.writesCompleted;
  }

  /** Writes `body` alone, as one write. */
  write(body: Buffer): void {
    this.writes++;
    this.stream.write(body, [], body.length);
  }
}

export const LIMITS: Http2Limits = { maxHeaderBytes: 16 * 1024, maxResetsPerSecond: 100 };

/** A server connection with both ends: a handler that serves requests, and a client that sends bytes and reads frames. */
export class Http2Peer implements ConnectionHandler {
  nowMs = 1_749_925_815_123;
  readonly now = (): number => this.nowMs;
  /** True if writes complete at once; false if only `completeWrite` completes them. */
  reads = true;
  readonly served: Served[] = [];
  readonly failures: number[] = [];
  /** Bytes of a connection that does not start with the HTTP/2 preface. */
  readonly otherBytes: Buffer[] = [];
  /** Bytes held for partial frames and header blocks, and their limit. */
  heldBytes = 0;
  maxHeldBytes = Number.POSITIVE_INFINITY;
  prefaces = 0;
  finishes = 0;
  overflows = 0;
  /** Every write of the server, and the chunks of vectored writes. */
  readonly writes: Buffer[] = [];
  readonly chunks: Buffer[] = [];
  readonly connection = new ServerConnection(this, LIMITS);
  private readonly parser = new FrameParser();
  private readonly hpack = new HpackDecoder();
  private readWrites = 0;
  private busy = false;

  /** A peer that has sent its preface and read that of the server. */
  static connected(settings: Readonly<Record<number, number>> = {}): Http2Peer {
    const peer = new Http2Peer();
    peer.send(PREFACE, settingsFrame(settings));
    assert.deepEqual(
      peer.sent().map((line) => line.split(' ')[0]),
      ['SETTINGS', 'WINDOW_UPDATE', 'SETTINGS'],
    );
    return peer;
  }

  /** The first request that was served, or the one at `index`. */
  request(index = 0): Served {
    const served = this.served[index];
    assert.ok(served !== undefined, `request ${index} of ${this.served.length}`);
    return served;
  }

  /** Sends `parts` in one chunk. */
  send(...parts: readonly Buffer[]): void {
    this.connection.receive(Buffer.concat(parts));
  }

  /** Sends `parts` in chunks of `size` bytes. */
  sendCut(size: number, ...parts: readonly Buffer[]): void {
    const bytes = Buffer.concat(parts);
    for (let pos = 0; pos < bytes.length; pos += size) {
      // as from a socket: every chunk has its own memory
      this.connection.receive(Buffer.from(bytes.subarray(pos, pos + size)));
    }
  }

  /** Completes the last write; false when there is none. */
  completeWrite(): boolean {
    if (!this.busy) return false;
    this.busy = false;
    this.connection.onWriteComplete();
    return true;
  }

  /** The frames that the server wrote since the last call. */
  frames(): Frame[] {
    const fresh = this.writes.slice(this.readWrites);
    this.readWrites = this.writes.length;
    return fresh.flatMap((bytes) => this.parser.push(bytes));
  }

  /** The same, one line of text per frame. */
  sent(): string[] {
    return this.frames().map((frame) => this.describe(frame));
  }

  write(bytes: Buffer): void {
    assert.equal(this.busy, false, 'one write at a time');
    assert.equal(this.finishes, 0, 'a write behind the last one');
    assert.ok(bytes.length > 0, 'a write of nothing');
    this.writes.push(bytes);
    this.busy = true;
    if (this.reads) this.completeWrite();
  }

  writeAll(chunks: readonly Buffer[]): void {
    assert.ok(chunks.length > 1 && chunks.every(({ length }) => length > 0));
    this.chunks.push(...chunks);
    this.write(Buffer.concat(chunks));
  }

  finish(): void {
    assert.equal(this.busy, false, 'finished before the last write completed');
    this.finishes++;
  }

  overflow(): void {
    this.overflows++;
  }

  onPreface(): void {
    this.prefaces++;
  }

  onOtherProtocol(bytes: Buffer): void {
    this.otherBytes.push(bytes);
  }

  onConnectionError(error: ConnectionError): void {
    this.failures.push(error.code);
  }

  reserveBytes(change: number): boolean {
    if (change > 0 && this.heldBytes + change > this.maxHeldBytes) return false;
    this.heldBytes += change;
    assert.ok(this.heldBytes >= 0, 'more was given back than was held');
    return true;
  }

  /** By path: `/early` gets its response at once, `/hold` from the test, others at the end of their body. */
  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null {
    const served = new Served(stream, headers);
    this.served.push(served);
    if (headers.isTooLarge || headers.path === '/early') served.answer();
    else if (headers.path !== '/hold') served.whenEnded = () => served.answer();
    return served;
  }

  private describe({ type, flags, streamId, payload }: Frame): string {
    const words = [FRAME_NAMES[type] ?? `type ${type}`];
    if (streamId !== 0) words.push(String(streamId));
    const ack = type === FrameType.settings || type === FrameType.ping;
    if ((flags & Flag.endStream) !== 0) words.push(ack ? 'ACK' : 'END_STREAM');
    if (type === FrameType.data) words.push(String(payload.length));
    else if (type === FrameType.headers) words.push(...this.hpack.decode(payload).map((field) => field.join('=')));
    else if (type === FrameType.rstStream) words.push(errorName(payload.readUInt32BE(0)));
    else if (type === FrameType.goaway) words.push(String(payload.readUInt32BE(0)), errorName(payload.readUInt32BE(4)));
    else if (type === FrameType.windowUpdate) words.push(String(payload.readUInt32BE(0)));
    else if (type === FrameType.ping) words.push(payload.toString('hex'));
    return words.join(' ');
  }
}

const FRAME_NAMES =
  'DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION'.split(' ');
const ERROR_NAMES = [
  'NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR',
  'REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM',
].flatMap((names) => names.split(' '));

const errorName = (code: number): string => ERROR_NAMES[code] ?? `error ${code}`;

/** The header block of a request. */
export function requestBlock(path = '/echo', more: readonly HeaderField[] = []): Buffer {
  return encodeHeaders([[':method', 'POST'], [':scheme', 'http'], [':path', path], ...more]);
}

/** HEADERS of a request; `Flag.endStream` ends it. */
export function request(streamId: number, path = '/echo', flags = 0): Buffer {
  return headers(streamId, requestBlock(path), flags | Flag.endHeaders);
}

export function headers(streamId: number, block: Buffer, flags: number = Flag.endHeaders): Buffer {
  return encodeFrame(FrameType.headers, flags, streamId, block);
}

export function continuation(streamId: number, block: Buffer, flags: number = Flag.endHeaders): Buffer {
  return encodeFrame(FrameType.continuation, flags, streamId, block);
}

export function data(streamId: number, content: Buffer, flags = 0): Buffer {
  return encodeFrame(FrameType.data, flags, streamId, content);
}

/** `content` with `padding` bytes after it and the pad length before it. */
export function padded(content: Buffer, padding: number): Buffer {
  return Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);
}

export function priority(streamId: number, payload = Buffer.from([0, 0, 0, 0, 16])): Buffer {
  return encodeFrame(FrameType.priority, 0, streamId, payload);
}

import { once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { encodeHeaders, type HeaderField, HpackDecoder } from './hpack.ts';
import {
  ErrorCode,
  encodeFrame,
  Flag,
  type Frame,
  FrameParser,
  FrameType,
  frameContent,
  goawayFrame,
  PREFACE,
  pingFrame,
  rstStream,
  Setting,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from './http2-frames.ts';
import { RawStream } from './raw-stream.ts';

export interface RawOptions {
  readonly port: number;
  readonly host?: string;
  /** TLS instead of cleartext; ALPN is `h2` unless given. */
  readonly tls?: ConnectionOptions;
  /** SETTINGS to send, by id. */
  readonly settings?: Readonly<Record<number, number>>;
  /** Sends neither preface nor SETTINGS. */
  readonly silent?: boolean;
  /** Answers PING frames. Default true. */
  readonly answerPings?: boolean;
  /** Splits all sent bytes into chunks of this size, each a separate write. */
  readonly splitBytes?: number;
}

const DEFAULT_WINDOW = 65535;
const MAX_FRAME_BYTES = 16384;

/** The client side of one HTTP/2 connection, frame by frame; follows the protocol by default. */
export class RawConnection {
  readonly socket: Socket;
  readonly streams = new Map<number, RawStream>();
  /** Received frames, newest last, without the payload of DATA; bounded. */
  readonly frames: Frame[] = [];
  goaway: { code: number; lastStreamId: number } | null = null;
  closed = false;
  /** Resolves when the socket is closed by either side. */
  readonly whenClosed: Promise<void>;
  private readonly parser = new FrameParser();
  private readonly hpack = new HpackDecoder();
  private readonly options: RawOptions;
  private headerBlock: { frame: Frame; parts: Buffer[] } | null = null;
  private nextStreamId = 1;
  private sendWindow = DEFAULT_WINDOW;
  private peerInitialWindow = DEFAULT_WINDOW;

  private constructor(socket: Socket, options: RawOptions) {
    this.socket = socket;
    this.options = options;
    socket.setNoDelay(true);
    this.whenClosed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', () => {}); // the close event follows a reset
    socket.once('close', () => this.onClose());
  }

  /** Connects and, unless `silent`, sends preface and settings. Rejects when the connection is refused or TLS fails. */
  static async open(options: RawOptions): Promise<RawConnection> {
    const host = options.host ?? '127.0.0.1';
    const socket = options.tls
      ? tlsConnect({ host, port: options.port, ALPNProtocols: ['h2'], ...options.tls })
      : netConnect(options.port, host);
    const connection = new RawConnection(socket, options);
    await once(socket, options.tls ? 'secureConnect' : 'connect');
    if (!options.silent) connection.write(Buffer.concat([PREFACE, settingsFrame(options.settings ?? { 2: 0 })]));
    return connection;
  }

  /** The local port, to find the connection in a log. */
  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  /** Writes bytes verbatim, in chunks if the options require it. */
  write(bytes: Buffer): void {
    if (this.closed) return;
    const step = this.options.splitBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) this.socket.write(bytes.subarray(at, at + step));
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): void {
    this.write(encodeFrame(type, flags, streamId, payload));
  }

  /** Opens a stream with these request headers. */
  request(headers: readonly HeaderField[], endStream = false): RawStream {
    const flags = Flag.endHeaders | (endStream ? Flag.endStream : 0);
    return this.open((streamId) => this.frame(FrameType.headers, flags, streamId, encodeHeaders(headers)));
  }

  /** Opens a stream whose header frames `send` writes. */
  open(send: (streamId: number) => void): RawStream {
    const stream = new RawStream(this, this.nextStreamId, this.peerInitialWindow);
    this.nextStreamId += 2;
    this.streams.set(stream.id, stream);
    send(stream.id);
    return stream;
  }

  /** Sends as much of `bytes` as the windows allow, as DATA frames; returns the number of bytes sent. */
  sendData(streamId: number, bytes: Buffer, streamWindow: number): number {
    const allowed = Math.min(bytes.length, streamWindow, this.sendWindow);
    for (let at = 0; at < allowed; at += MAX_FRAME_BYTES) {
      this.frame(FrameType.data, 0, streamId, bytes.subarray(at, Math.min(at + MAX_FRAME_BYTES, allowed)));
    }
    this.sendWindow -= allowed;
    return allowed;
  }

  /** Sends `bytes` as one DATA frame with END_STREAM, like unary requests; sends nothing if the windows are too small. */
  sendLast(streamId: number, bytes: Buffer, streamWindow: number): boolean {
    if (bytes.length > Math.min(streamWindow, this.sendWindow, MAX_FRAME_BYTES)) return false;
    this.sendWindow -= bytes.length;
    this.frame(FrameType.data, Flag.endStream, streamId, bytes);
    return true;
  }

  ping(payload: Buffer = Buffer.from('12345678')): void {
    this.write(pingFrame(payload));
  }

  sendGoaway(code: number = ErrorCode.none): void {
    this.write(goawayFrame(0, code));
  }

  resetStream(streamId: number, code: number): void {
    this.write(rstStream(streamId, code));
  }

  /** Increases the receive window of the connection; SETTINGS open those of streams. */
  openWindow(bytes: number): void {
    this.write(windowUpdate(0, bytes));
  }

  /** Stops reading the socket, like a frozen program: kernel buffers and windows fill up. */
  stopReading(): void {
    this.socket.pause();
  }

  startReading(): void {
    this.socket.resume();
  }

  /** Closes with FIN. */
  end(): void {
    this.socket.end();
  }

  /** Closes with a TCP RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  private onData(chunk: Buffer): void {
    for (const frame of this.parser.push(chunk)) {
      this.remember(frame);
      this.onFrame(frame);
    }
  }

  private remember(frame: Frame): void {
    this.frames.push(frame.type === FrameType.data ? { ...frame, payload: Buffer.alloc(0) } : frame);
    if (this.frames.length > 1000) this.frames.shift();
  }

  private onFrame(frame: Frame): void {
    if (frame.type === FrameType.data) this.onDataFrame(frame);
    else if (frame.type === FrameType.headers) this.onHeaders({ frame, parts: [frameContent(frame)] }, frame);
    else if (frame.type === FrameType.continuation) this.onContinuation(frame);
    else if (frame.type === FrameType.rstStream) {
      this.streams.get(frame.streamId)?.onReset(frame.payload.readUInt32BE(0));
    } else if (frame.type === FrameType.settings) this.onSettings(frame);
    else if (frame.type === FrameType.ping) this.onPing(frame);
    else if (frame.type === FrameType.goaway) {
      this.goaway = { lastStreamId: frame.payload.readUInt32BE(0), code: frame.payload.readUInt32BE(4) };
    } else if (frame.type === FrameType.windowUpdate) this.onWindowUpdate(frame);
  }

  private onDataFrame(frame: Frame): void {
    const stream = this.streams.get(frame.streamId);
    const bytes = frame.payload.length;
    if (bytes > 0) {
      const open = stream !== undefined && !stream.ended && (frame.flags & Flag.endStream) === 0;
      this.write(
        open ? Buffer.concat([windowUpdate(0, bytes), windowUpdate(stream.id, bytes)]) : windowUpdate(0, bytes),
      );
    }
    stream?.onData(frameContent(frame), (frame.flags & Flag.endStream) !== 0);
  }

  private onContinuation(frame: Frame): void {
    if (this.headerBlock === null) throw new Error('CONTINUATION without HEADERS');
    this.headerBlock.parts.push(frame.payload);
    this.onHeaders(this.headerBlock, frame);
  }

  private onHeaders(block: { frame: Frame; parts: Buffer[] }, last: Frame): void {
    this.headerBlock = block;
    if ((last.flags & Flag.endHeaders) === 0) return;
    this.headerBlock = null;
    const fields = Object.fromEntries(this.hpack.decode(Buffer.concat(block.parts)));
    this.streams.get(last.streamId)?.onHeaders(fields, (block.frame.flags & Flag.endStream) !== 0);
  }

  private onSettings(frame: Frame): void {
    if ((frame.flags & Flag.ack) !== 0) return;
    for (let at = 0; at + 6 <= frame.payload.length; at += 6) {
      if (frame.payload.readUInt16BE(at) === Setting.initialWindowSize) {
        this.onInitialWindow(frame.payload.readUInt32BE(at + 2));
      }
    }
    if (!this.options.silent) this.write(settingsAck());
  }

  private onInitialWindow(size: number): void {
    const change = size - this.peerInitialWindow;
    this.peerInitialWindow = size;
    for (const stream of this.streams.values()) stream.onWindow(change);
  }

  private onPing(frame: Frame): void {
    if ((frame.flags & Flag.ack) === 0 && this.options.answerPings !== false)
      this.write(pingFrame(frame.payload, true));
  }

  private onWindowUpdate(frame: Frame): void {
    const increment = frame.payload.readUInt32BE(0);
    if (frame.streamId !== 0) {
      this.streams.get(frame.streamId)?.onWindow(increment);
      return;
    }
    this.sendWindow += increment;
    for (const stream of this.streams.values()) stream.onWindow(0);
  }

  private onClose(): void {
    this.closed = true;
    for (const stream of this.streams.values()) stream.onConnectionClosed();
  }
}

import { connect, type Socket } from 'node:net';
import { asMap, decodeCbor, type Encodable, encodeCbor } from '../../test/support/cbor.ts';
import { type ClientFraming, frameBody } from '../../test/support/framing.ts';
import { encodeHeaders } from '../../test/support/hpack.ts';
import {
  encodeFrame,
  Flag,
  FrameType,
  PREFACE,
  pingFrame,
  Setting,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from '../../test/support/http2-frames.ts';
import { MessageCounter } from './message-counter.ts';

/** Bytes that the server may send before the next window update. */
const WINDOW_BYTES = 1 << 20;
const FRAME_HEAD_BYTES = 9;
const DEFAULT_WINDOW_BYTES = 65_535;
const ANSWER_LIMIT_MS = 30_000;

/** A client for load, whatever its protocol. */
export interface LoadConnection {
  /** Receives the number of messages in a read. */
  onMessages: (count: number) => void;
  onLost: (reason: string) => void;
  /** Calls a unary method. */
  call(path: string, request: Encodable): Promise<Record<string, unknown>>;
  /** Calls a unary method without decoding the response. */
  fetch(path: string, request: Encodable): Promise<Buffer>;
  /** Opens a stream for load with its first message; resolves with the first response. */
  open(path: string, first: Encodable): Promise<void>;
  /** Calls a streaming method; resolves with its first message. */
  subscribe(path: string, request: Encodable): Promise<void>;
  /** `message` encoded for the open stream, ready for `send`. */
  frame(message: Encodable): Buffer;
  /** Sends the first `count` of the frames in `block`, each of `frameBytes`. */
  send(block: Buffer, frameBytes: number, count: number): void;
  pause(): void;
  close(): void;
}

/**
 * A client for load: minimal HTTP/2 on a socket, one stream at a time, frames encoded once and sent many times. It costs about
 * a microsecond per message and shares no code with the server.
 */
export class LoadClient implements LoadConnection {
  /** Receives the number of messages in a read. */
  onMessages: (count: number) => void = () => {};
  onLost: (reason: string) => void = () => {};
  private readonly socket: Socket;
  private readonly framing: ClientFraming;
  private readonly counter = new MessageCounter();
  private rest: Buffer | null = null;
  private streamId = -1;
  private unary: Buffer[] | null = null;
  private onAnswer: () => void = () => {};
  private connectionCredit = DEFAULT_WINDOW_BYTES;
  private streamCredit = DEFAULT_WINDOW_BYTES;
  private initialCredit = DEFAULT_WINDOW_BYTES;
  private unacknowledgedBytes = 0;
  private backlog: Buffer[] = [];
  private closed = false;

  private constructor(socket: Socket, framing: ClientFraming) {
    this.socket = socket;
    this.framing = framing;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('error', (error) => this.lost(error.message));
    socket.on('close', () => this.lost('closed by the server'));
    const settings = settingsFrame({ [Setting.initialWindowSize]: WINDOW_BYTES });
    socket.write(Buffer.concat([PREFACE, settings, windowUpdate(0, WINDOW_BYTES - DEFAULT_WINDOW_BYTES)]));
  }

  static async connect(port: number, framing: ClientFraming): Promise<LoadClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new LoadClient(socket, framing);
  }

  /** Calls a unary method. */
  async call(path: string, request: Encodable): Promise<Record<string, unknown>> {
    const answer = await this.fetch(path, request);
    const prefixBytes = 5 * this.framing;
    return asMap(decodeCbor(answer.subarray(prefixBytes)));
  }

  /** Calls a unary method without decoding the response, which is slow for large ones. */
  async fetch(path: string, request: Encodable): Promise<Buffer> {
    const parts: Buffer[] = [];
    this.unary = parts;
    await this.start(path, encodeCbor(request), true);
    this.unary = null;
    return Buffer.concat(parts);
  }

  /** Opens a stream for load with its first message; resolves with the first response. */
  async open(path: string, first: Encodable): Promise<void> {
    await this.start(path, encodeCbor(first), false);
  }

  /** Calls a streaming method; resolves with its first message. */
  async subscribe(path: string, request: Encodable): Promise<void> {
    await this.start(path, encodeCbor(request), true);
  }

  /** `message` as a DATA frame of the open stream, ready for `send`. */
  frame(message: Encodable): Buffer {
    return this.dataFrame(encodeCbor(message), 0);
  }

  /** Sends `count` consecutive frames of `block`, each of `frameBytes`. */
  send(block: Buffer, frameBytes: number, count: number): void {
    const payloadBytes = (frameBytes - FRAME_HEAD_BYTES) * count;
    if (this.backlog.length === 0 && payloadBytes <= Math.min(this.connectionCredit, this.streamCredit)) {
      this.take(payloadBytes);
      this.socket.write(block.subarray(0, frameBytes * count));
      return;
    }
    for (let i = 0; i < count; i++) this.backlog.push(block.subarray(i * frameBytes, (i + 1) * frameBytes));
    this.drain();
  }

  /** Stops and resumes reading, like a frozen client. */
  pause(): void {
    this.socket.pause();
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private async start(path: string, body: Buffer, isLast: boolean): Promise<void> {
    this.streamId += 2;
    this.streamCredit = this.initialCredit;
    const headers = encodeFrame(FrameType.headers, Flag.endHeaders, this.streamId, headersOf(path));
    const data = this.dataFrame(body, isLast ? Flag.endStream : 0);
    this.take(data.length - FRAME_HEAD_BYTES);
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no answer to ${path}`)), ANSWER_LIMIT_MS);
      const { onLost } = this;
      this.onLost = (reason) => reject(new Error(`${path}: connection lost: ${reason}`));
      this.onAnswer = () => {
        clearTimeout(limit);
        this.onAnswer = () => {};
        this.onLost = onLost;
        resolve();
      };
      this.socket.write(Buffer.concat([headers, data]));
    });
  }

  private dataFrame(body: Buffer, flags: number): Buffer {
    return encodeFrame(FrameType.data, flags, this.streamId, frameBody(body, this.framing));
  }

  private read(chunk: Buffer): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let pos = 0;
    let messages = 0;
    while (bytes.length - pos >= FRAME_HEAD_BYTES) {
      const start = pos + FRAME_HEAD_BYTES;
      const end = start + bytes.readUIntBE(pos, 3);
      if (end > bytes.length) break;
      messages += this.onFrame(bytes, pos, start, end);
      pos = end;
    }
    this.rest = pos === bytes.length ? null : Buffer.from(bytes.subarray(pos));
    if (this.unacknowledgedBytes > WINDOW_BYTES / 2) this.acknowledge();
    if (messages > 0) this.onMessages(messages);
  }

  /** Handles the frame whose header is at `head`; returns the number of messages it completes. */
  private onFrame(bytes: Buffer, head: number, start: number, end: number): number {
    const type = bytes[head + 3] as number;
    const flags = bytes[head + 4] as number;
    if (type === FrameType.data) return this.onData(bytes, start, end);
    if (type === FrameType.headers && (flags & Flag.endStream) !== 0) this.onEnd();
    else if (type === FrameType.settings && (flags & Flag.ack) === 0) this.onSettings(bytes, start, end);
    else if (type === FrameType.ping && (flags & Flag.ack) === 0) {
      this.socket.write(pingFrame(Buffer.from(bytes.subarray(start, end)), true));
    } else if (type === FrameType.windowUpdate) this.onCredit(bytes.readUInt32BE(head + 5), bytes.readUInt32BE(start));
    else if (type === FrameType.rstStream || type === FrameType.goaway) this.lost(`frame ${type} from the server`);
    return 0;
  }

  private onData(bytes: Buffer, start: number, end: number): number {
    this.unacknowledgedBytes += end - start;
    if (this.unary !== null) {
      this.unary.push(Buffer.from(bytes.subarray(start, end)));
      return 0;
    }
    const messages = this.counter.push(bytes, start, end);
    if (messages > 0) this.onAnswer();
    return messages;
  }

  private onEnd(): void {
    if (this.unary === null) this.lost('the server ended the stream');
    else this.onAnswer();
  }

  private onSettings(bytes: Buffer, start: number, end: number): void {
    for (let pos = start; pos < end; pos += 6) {
      if (bytes.readUInt16BE(pos) !== Setting.initialWindowSize) continue;
      const value = bytes.readUInt32BE(pos + 2);
      this.streamCredit += value - this.initialCredit;
      this.initialCredit = value;
    }
    this.socket.write(settingsAck());
  }

  private onCredit(streamId: number, increment: number): void {
    if (streamId === 0) this.connectionCredit += increment;
    else if (streamId === this.streamId) this.streamCredit += increment;
    this.drain();
  }

  private take(bytes: number): void {
    this.connectionCredit -= bytes;
    this.streamCredit -= bytes;
  }

  private drain(): void {
    while (this.backlog.length > 0) {
      const frame = this.backlog[0] as Buffer;
      if (frame.length - FRAME_HEAD_BYTES > Math.min(this.connectionCredit, this.streamCredit)) return;
      this.take(frame.length - FRAME_HEAD_BYTES);
      this.backlog.shift();
      this.socket.write(frame);
    }
  }

  private acknowledge(): void {
    const bytes = this.unacknowledgedBytes;
    this.unacknowledgedBytes = 0;
    this.socket.write(Buffer.concat([windowUpdate(0, bytes), windowUpdate(this.streamId, bytes)]));
  }

  private lost(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.onLost(reason);
  }
}

function headersOf(path: string): Buffer {
  return encodeHeaders([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'bench'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]);
}

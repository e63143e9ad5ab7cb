import { connect, type Socket } from 'node:net';
import { asMap, decodeCbor, type Encodable, encodeCbor } from '../../test/support/cbor.ts';
import { type ClientFraming, frameBody } from '../../test/support/framing.ts';
import { handshake } from '../../test/support/raw-websocket.ts';
import { dataMessage, endMessage, openMessage } from '../../test/support/ws-envelope.ts';
import type { LoadConnection } from './load-client.ts';

const ENVELOPE_BYTES = 5;
const FLAG_METADATA = 2;
const PING = 9;
const PONG = 10;
const BINARY = 2;
const ANSWER_LIMIT_MS = 30_000;
const MASK = Buffer.from('1b2c3d4e', 'hex');

/** LoadClient over WebSocket, in the envelope of the newer Dart clients. Frames are masked, as required of clients. */
export class WebSocketLoadClient implements LoadConnection {
  onMessages: (count: number) => void = () => {};
  onLost: (reason: string) => void = () => {};
  private readonly socket: Socket;
  private readonly framing: ClientFraming;
  private rest: Buffer | null = null;
  private streamId = -1;
  private unary: Buffer | null = null;
  private isUnary = false;
  private onAnswer: () => void = () => {};
  private closed = false;

  private constructor(socket: Socket, framing: ClientFraming) {
    this.socket = socket;
    this.framing = framing;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('error', (error) => this.lost(error.message));
    socket.on('close', () => this.lost('closed by the server'));
  }

  /** A connection to a server without calls, ready for `send`. */
  static async connectBare(port: number, framing: ClientFraming, path: string): Promise<WebSocketLoadClient> {
    const client = await WebSocketLoadClient.connect(port, framing, path);
    client.streamId = 1;
    return client;
  }

  static async connect(port: number, framing: ClientFraming, path = '/'): Promise<WebSocketLoadClient> {
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(handshake({}, path));
    const head = await new Promise<Buffer>((resolve, reject) => socket.once('data', resolve).once('error', reject));
    const end = head.indexOf('\r\n\r\n') + 4;
    if (!head.toString('latin1').startsWith('HTTP/1.1 101') || end < head.length) {
      throw new Error(`handshake: ${head.toString('latin1')}`);
    }
    const client = new WebSocketLoadClient(socket, framing);
    socket.resume();
    return client;
  }

  async call(path: string, request: Encodable): Promise<Record<string, unknown>> {
    const answer = await this.fetch(path, request);
    return asMap(decodeCbor(answer.subarray(5 * this.framing)));
  }

  async fetch(path: string, request: Encodable): Promise<Buffer> {
    this.isUnary = true;
    await this.start(path, request, true);
    this.isUnary = false;
    const { unary } = this;
    this.unary = null;
    if (unary === null) throw new Error(`no answer to ${path}`);
    return unary;
  }

  async open(path: string, first: Encodable): Promise<void> {
    await this.start(path, first, false);
  }

  async subscribe(path: string, request: Encodable): Promise<void> {
    const answer = this.start(path, request, false);
    this.socket.write(maskedFrame(BINARY, endMessage('flags', this.streamId, path)));
    await answer;
  }

  frame(message: Encodable): Buffer {
    return this.dataFrame('', encodeCbor(message), false);
  }

  send(block: Buffer, frameBytes: number, count: number): void {
    this.socket.write(block.subarray(0, frameBytes * count));
  }

  pause(): void {
    this.socket.pause();
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private async start(path: string, request: Encodable, isLast: boolean): Promise<void> {
    this.streamId += 2;
    const open = maskedFrame(BINARY, openMessage('flags', this.streamId, path));
    const data = this.dataFrame(path, encodeCbor(request), isLast);
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
      this.socket.write(Buffer.concat([open, data]));
    });
  }

  private dataFrame(path: string, body: Buffer, isLast: boolean): Buffer {
    return maskedFrame(BINARY, dataMessage('flags', this.streamId, path, frameBody(body, this.framing), isLast));
  }

  private read(chunk: Buffer): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let pos = 0;
    let messages = 0;
    while (bytes.length - pos >= 2) {
      const length7 = (bytes[pos + 1] as number) & 0x7f;
      const start = pos + (length7 < 126 ? 2 : length7 === 126 ? 4 : 10);
      if (start > bytes.length) break;
      const length =
        length7 < 126 ? length7 : length7 === 126 ? bytes.readUInt16BE(pos + 2) : bytes.readUInt32BE(pos + 6);
      if (start + length > bytes.length) break;
      messages += this.onFrame((bytes[pos] as number) & 15, bytes, start, start + length);
      pos = start + length;
    }
    this.rest = pos === bytes.length ? null : Buffer.from(bytes.subarray(pos));
    if (messages > 0) this.onMessages(messages);
  }

  /** Handles the frame with the payload `bytes[start..end)`; returns the number of messages of the open stream in it. */
  private onFrame(opcode: number, bytes: Buffer, start: number, end: number): number {
    if (opcode === PING) this.socket.write(maskedFrame(PONG, bytes.subarray(start, end)));
    if (opcode !== BINARY) return 0;
    const flags = bytes[start + 4] as number;
    if ((flags & FLAG_METADATA) === 0) {
      if (!this.isUnary) {
        this.onAnswer();
        return 1;
      }
      this.unary = Buffer.from(bytes.subarray(start + ENVELOPE_BYTES, end));
    } else if (flags === (FLAG_METADATA | 1)) {
      if (this.isUnary) this.onAnswer();
      else this.lost('the server ended the stream');
    }
    return 0;
  }

  private lost(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.onLost(reason);
  }
}

function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (head.length === 2 ? payload.length : 126);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) (masked[i] as number) ^= MASK[i & 3] as number;
  return Buffer.concat([head, MASK, masked]);
}

import { connect, type Socket } from 'node:net';
import { poll } from './poll.ts';

export interface WsFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** The reserved bits, from 0 to 7. */
  readonly reserved?: number;
  /** The announced length, if different from that of the payload. */
  readonly length?: number;
}

/** One client frame; the mask consists of zeros. */
export function clientFrame(opcode: number, payload: Buffer, options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, reserved = 0, length = payload.length } = options;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  if (head.length === 2) head[1] = length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  (head[1] as number) |= 0x80;
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** A WebSocket client without a library, which may break every rule. */
export class RawWebSocket implements Disposable {
  readonly socket: Socket;
  /** The response to the handshake. */
  head = '';
  readonly frames: WsFrame[] = [];
  isClosed = false;
  private rest: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => this.onData(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> {
    const client = new RawWebSocket(port);
    client.socket.write(handshake(headers));
    await poll('the answer to the handshake', () => client.head);
    return client;
  }

  send(opcode: number, payload: Buffer | string, options: FrameOptions = {}): void {
    this.socket.write(clientFrame(opcode, Buffer.from(payload as string), options));
  }

  async frame(opcode: number, limitMs?: number): Promise<Buffer> {
    const options = limitMs === undefined ? {} : { limitMs };
    const found = await poll(`a frame ${opcode}`, () => this.frames.find((frame) => frame.opcode === opcode), options);
    return found.payload;
  }

  /** Code and reason of the close frame. */
  async closeFrame(limitMs?: number): Promise<{ readonly code: number; readonly reason: string }> {
    const payload = await this.frame(Opcode.close, limitMs);
    return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
  }

  async untilClosed(limitMs = 5000): Promise<void> {
    await poll('the connection to be closed', () => this.isClosed, { limitMs });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    if (this.head === '') {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.rest.toString('latin1', 0, end);
      this.rest = this.rest.subarray(end + 4);
    }
    if (!this.head.startsWith('HTTP/1.1 101')) return;
    for (;;) {
      const { rest } = this;
      if (rest.length < 2) return;
      const length7 = (rest[1] as number) & 0x7f;
      const start = length7 < 126 ? 2 : length7 === 126 ? 4 : 10;
      if (rest.length < start) return;
      const length = start === 2 ? length7 : start === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      if (rest.length < start + length) return;
      this.frames.push({ opcode: (rest[0] as number) & 15, payload: rest.subarray(start, start + length) });
      this.rest = rest.subarray(start + length);
    }
  }
}

export function handshake(headers: Readonly<Record<string, string>> = {}, path = '/'): string {
  const all = {
    host: 'router.example',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

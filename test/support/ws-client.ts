import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { type CborMap, decodeCborMap, type Encodable, encodeCbor } from './cbor.ts';
import { type ClientFraming, FrameReader, frameBody } from './framing.ts';
import { poll, within } from './poll.ts';
import {
  dataMessage,
  type EnvelopeMessage,
  endMessage,
  type Generation,
  openMessage,
  parseMessage,
} from './ws-envelope.ts';

const LIMIT_MS = 5000;

export interface WsClientOptions {
  readonly generation?: Generation;
  readonly framing?: ClientFraming;
  readonly socket?: ClientOptions;
  /** Default `ws://127.0.0.1:PORT/`. */
  readonly url?: string;
  /** Headers of every call. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of a WsClient. */
export class WsCall {
  readonly id: number;
  readonly path: string;
  /** Received messages, in order. */
  readonly received: EnvelopeMessage[] = [];
  private readonly client: WsClient;
  private readonly reader: FrameReader;
  private readonly bodies: Buffer[] = [];

  constructor(client: WsClient, id: number, path: string) {
    this.client = client;
    this.id = id;
    this.path = path;
    this.reader = new FrameReader(client.framing);
  }

  /** Sends one message. A Buffer is sent as the CBOR body. */
  send(message: Encodable, isEnd = false): void {
    const body = Buffer.isBuffer(message) ? message : encodeCbor(message);
    this.sendBytes(frameBody(body, this.client.framing), isEnd);
  }

  /** Sends bytes, framing included. */
  sendBytes(bytes: Buffer, isEnd = false): void {
    this.client.ws.send(dataMessage(this.client.generation, this.id, this.path, bytes, isEnd));
  }

  end(): void {
    this.client.ws.send(endMessage(this.client.generation, this.id, this.path));
  }

  /** The next message, decoded. */
  async next(limitMs = LIMIT_MS): Promise<CborMap> {
    return decodeCborMap(await this.nextBody(limitMs));
  }

  async nextBody(limitMs = LIMIT_MS): Promise<Buffer> {
    return await poll(`a message on ${this.path}`, () => this.bodies.shift(), { limitMs, everyMs: 2 });
  }

  get pending(): number {
    return this.bodies.length;
  }

  /** The trailers, once received. */
  async trailers(limitMs = LIMIT_MS): Promise<Readonly<Record<string, string>>> {
    const ended = await poll(`the end of ${this.path}`, () => this.received.find(({ isEnd }) => isEnd), { limitMs });
    return ended.headers ?? {};
  }

  onMessage(message: EnvelopeMessage): void {
    this.received.push(message);
    if (message.headers === null) this.bodies.push(...this.reader.push(message.body));
  }
}

/** A client with the behaviour of the Dart clients over WebSocket. */
export class WsClient implements Disposable {
  readonly ws: WebSocket;
  readonly generation: Generation;
  readonly framing: ClientFraming;
  id = '';
  /** Close code and reason, once closed. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  private readonly calls = new Map<number, WsCall>();
  private readonly headers: Readonly<Record<string, string>>;
  private nextId = 1;
  private p2pCall: WsCall | null = null;

  private constructor(ws: WebSocket, options: WsClientOptions) {
    this.ws = ws;
    this.generation = options.generation ?? 'flags';
    this.framing = options.framing ?? 2;
    this.headers = options.headers ?? {};
    ws.on('message', (bytes: Buffer) => {
      const message = parseMessage(this.generation, bytes);
      this.calls.get(message.streamId)?.onMessage(message);
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    ws.on('error', () => {});
  }

  static async connect(port: number, options: WsClientOptions = {}): Promise<WsClient> {
    const ws = new WebSocket(options.url ?? `ws://127.0.0.1:${port}/`, { perMessageDeflate: true, ...options.socket });
    const client = new WsClient(ws, options);
    const failed = once(ws, 'error').then(([error]) => Promise.reject(error));
    await within(Promise.race([once(ws, 'open'), failed]), LIMIT_MS, 'the WebSocket handshake');
    failed.catch(() => {});
    return client;
  }

  /** Connects, registers and opens a bound p2p stream. */
  static async join(port: number, request: Encodable = {}, options: WsClientOptions = {}): Promise<WsClient> {
    const client = await WsClient.connect(port, options);
    await client.register(request);
    await client.bind();
    return client;
  }

  get p2p(): WsCall {
    if (this.p2pCall === null) throw new Error('no p2p stream was opened');
    return this.p2pCall;
  }

  open(method: string, extra: Readonly<Record<string, string>> = {}): WsCall {
    const path = method.startsWith('/') ? method : `/router/${method}`;
    const call = new WsCall(this, this.nextId, path);
    this.nextId += 2;
    this.calls.set(call.id, call);
    this.ws.send(openMessage(this.generation, call.id, path, { ...this.headers, ...extra }));
    return call;
  }

  /** The response of a unary call that must succeed. */
  async call(method: string, request: Encodable, extra: Readonly<Record<string, string>> = {}): Promise<CborMap> {
    const call = this.open(method, extra);
    call.send(request, true);
    const trailers = await call.trailers();
    if (trailers['grpc-status'] !== '0') throw new Error(`${method}: ${JSON.stringify(trailers)}`);
    return await call.next();
  }

  async register(request: Encodable = {}): Promise<string> {
    const { clientId, success, errorMessage } = await this.call('register', request);
    if (success !== true) throw new Error(String(errorMessage));
    this.id = String(clientId);
    return this.id;
  }

  openP2p(): WsCall {
    this.p2pCall = this.open('p2p');
    return this.p2pCall;
  }

  async bind(): Promise<CborMap> {
    const call = this.openP2p();
    this.send({ type: 'heartbeat', senderId: this.id });
    return await call.next();
  }

  send(message: Encodable): void {
    this.p2p.send(message);
  }

  async next(limitMs = LIMIT_MS): Promise<CborMap> {
    return await this.p2p.next(limitMs);
  }

  async untilClosed(limitMs = LIMIT_MS): Promise<{ readonly code: number; readonly reason: string }> {
    return await poll('the WebSocket to be closed', () => this.closed, { limitMs });
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }
}

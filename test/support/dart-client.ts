import type { ConnectionOptions } from 'node:tls';
import { asMap, type CborMap, type CborValue, decodeCborMap, type Encodable, encodeCbor } from './cbor.ts';
import { type ClientFraming, FrameReader, frameBody } from './framing.ts';
import type { HeaderField } from './hpack.ts';
import { MessageStream, type Received } from './message-stream.ts';
import { PATIENCE_MS, within } from './poll.ts';
import { RawConnection } from './raw-connection.ts';
import type { RawStream, StreamEnd } from './raw-stream.ts';

export interface DartClientOptions {
  /** Default 2, like the Dart clients of 2025. */
  readonly framing?: ClientFraming;
  /** Value of `:authority`, or the bytes that encode it. Default: the host without a port. */
  readonly authority?: string | Buffer;
  readonly tls?: ConnectionOptions;
  /** Headers after the fixed ones, for example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<number, number>>;
  readonly answerPings?: boolean;
  /** Splits all sent bytes into chunks of this size. */
  readonly splitBytes?: number;
  readonly host?: string;
}

export interface RegisterRequest {
  readonly clientName?: Encodable;
  readonly groups?: Encodable;
  readonly metadata?: Encodable;
}

export interface RegisterReply {
  readonly clientId: string;
  readonly success: boolean;
  readonly errorMessage?: string;
}

export interface UnaryReply {
  readonly end: StreamEnd;
  readonly headers: Record<string, string>;
  /** The single message of the response. */
  readonly body: Buffer | null;
}

/** A client with the wire behaviour of the Dart clients: the same bytes in the same order. */
export class DartClient {
  readonly connection: RawConnection;
  readonly framing: ClientFraming;
  /** Set by `join` and by the first successful `register`. */
  id = '';
  private stream: MessageStream | null = null;
  private echoes = 0;
  private readonly options: DartClientOptions;

  private constructor(connection: RawConnection, options: DartClientOptions) {
    this.connection = connection;
    this.options = options;
    this.framing = options.framing ?? 2;
  }

  static async connect(port: number, options: DartClientOptions = {}): Promise<DartClient> {
    const { host, tls, settings, answerPings, splitBytes } = options;
    const connection = await RawConnection.open({
      port,
      ...(host === undefined ? {} : { host }),
      ...(tls === undefined ? {} : { tls }),
      ...(settings === undefined ? {} : { settings }),
      ...(answerPings === undefined ? {} : { answerPings }),
      ...(splitBytes === undefined ? {} : { splitBytes }),
    });
    return new DartClient(connection, options);
  }

  /** Connects, registers and binds, so that the client is reachable. */
  static async join(port: number, request: RegisterRequest = {}, options: DartClientOptions = {}): Promise<DartClient> {
    const client = await DartClient.connect(port, options);
    await client.register(request);
    await client.bind();
    return client;
  }

  /** The p2p stream of `openP2p` or `bind`. */
  get p2p(): MessageStream {
    if (this.stream === null) throw new Error('no p2p stream was opened');
    return this.stream;
  }

  /** The headers of a call in the order of Dart. */
  requestHeaders(path: string, extra: Readonly<Record<string, string>> = {}): HeaderField[] {
    const authority = this.options.authority ?? '127.0.0.1';
    return [
      [':method', 'POST'],
      [':path', path],
      [':scheme', this.options.tls ? 'https' : 'http'],
      typeof authority === 'string' ? [':authority', authority] : authority,
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['user-agent', 'rpc-dart/1.0.0'],
      ...Object.entries({ ...this.options.headers, ...extra }),
    ];
  }

  /** Opens a call without sending anything. */
  open(method: string, extra: Readonly<Record<string, string>> = {}): RawStream {
    return this.connection.request(this.requestHeaders(`/router/${method}`, extra));
  }

  /** A unary call: one DATA frame with END_STREAM. A Buffer is sent as the CBOR body. */
  async unary(method: string, request: Encodable, extra: Readonly<Record<string, string>> = {}): Promise<UnaryReply> {
    const body = Buffer.isBuffer(request) ? request : encodeCbor(request);
    return this.unaryBytes(method, frameBody(body, this.framing), extra);
  }

  /** A unary call whose request is `bytes`, framing included. */
  async unaryBytes(
    method: string,
    bytes: Buffer,
    extra: Readonly<Record<string, string>> = {},
    framing = this.framing,
  ): Promise<UnaryReply> {
    const stream = this.open(method, extra);
    const reader = new FrameReader(framing);
    const bodies: Buffer[] = [];
    stream.onBytes = (chunk) => bodies.push(...reader.push(chunk));
    stream.send(bytes, true);
    const end = await within(stream.whenEnded, PATIENCE_MS, `the answer of ${method}`);
    if (bodies.length > 1 || reader.pendingBytes > 0) throw new Error(`${method} answered ${bodies.length} messages`);
    return { end, headers: stream.headers ?? {}, body: bodies[0] ?? null };
  }

  /** The decoded response of a unary call that must succeed. */
  async call(method: string, request: Encodable, extra: Readonly<Record<string, string>> = {}): Promise<CborMap> {
    const reply = await this.unary(method, request, extra);
    if (reply.body === null || reply.end.status !== 0) throw new Error(`${method}: ${JSON.stringify(reply.end)}`);
    return decodeCborMap(reply.body);
  }

  /** Registers; returns a refusal instead of throwing it. */
  async tryRegister(request: RegisterRequest = {}): Promise<RegisterReply> {
    const reply = await this.call('register', { ...request });
    const { clientId, success, errorMessage } = reply;
    if (typeof clientId !== 'string' || typeof success !== 'boolean') throw new Error('not a RegisterResponse');
    if (success && this.id === '') this.id = clientId;
    return { clientId, success, ...(typeof errorMessage === 'string' ? { errorMessage } : {}) };
  }

  /** Registers and returns the id; throws the text of a refusal, like Dart. */
  async register(request: RegisterRequest = {}): Promise<string> {
    const reply = await this.tryRegister(request);
    if (!reply.success) throw new Error(reply.errorMessage);
    return reply.clientId;
  }

  async ping(v: number = Date.now()): Promise<CborMap> {
    return this.call('ping', { v });
  }

  async getOnlineClients(filter: { groups?: Encodable; metadata?: Encodable } = {}): Promise<CborMap[]> {
    const { clients } = await this.call('getOnlineClients', filter);
    if (!Array.isArray(clients)) throw new Error('clients is not a list');
    return clients.map((client: CborValue) => client as CborMap);
  }

  /** Opens a p2p stream and sends nothing on it. */
  openP2p(extra: Readonly<Record<string, string>> = {}): MessageStream {
    const stream = new MessageStream(this.open('p2p', extra), this.framing);
    this.stream = stream;
    return stream;
  }

  /** Opens a p2p stream and binds it to `id`, by default the client's own, with a heartbeat. */
  async bind(id = this.id): Promise<MessageStream> {
    const stream = this.openP2p();
    stream.send({ type: 'heartbeat', senderId: id, timestamp: Date.now() });
    await stream.next((message) => message.type === 'heartbeat' && message.success === true);
    return stream;
  }

  /** Subscribes to events. */
  events(extra: Readonly<Record<string, string>> = {}): MessageStream {
    const call = this.open('events', extra);
    const stream = new MessageStream(call, this.framing);
    call.send(frameBody(encodeCbor({ v: null }), this.framing), true);
    return stream;
  }

  send(message: Encodable): void {
    this.p2p.send(message);
  }

  async next(matches?: (message: CborMap) => boolean, limitMs?: number): Promise<Received> {
    return this.p2p.next(matches, limitMs);
  }

  unicast(targetId: string, payload: Encodable): void {
    this.send({ type: 'unicast', senderId: this.id, targetId, payload, timestamp: Date.now() });
  }

  /** Whether the router delivers to `targetId`, tested by a message to it followed by an echo. */
  async canReach(targetId: string): Promise<boolean> {
    const echo = `echo_${this.echoes++}`;
    this.unicast(targetId, { probe: true });
    this.unicast(this.id, { echo });
    const isEcho = (message: CborMap) => message.type === 'unicast' && asMap(message.payload ?? {}).echo === echo;
    const isError = (message: CborMap) => message.type === 'error';
    const { message } = await this.next((message) => isError(message) || isEcho(message));
    if (isEcho(message)) return true;
    await this.next(isEcho);
    return false;
  }

  stopReading(): void {
    this.connection.stopReading();
  }

  startReading(): void {
    this.connection.startReading();
  }

  reset(): void {
    this.connection.reset();
  }

  /** Closes the connection with FIN and waits until it is closed. */
  async close(): Promise<void> {
    this.connection.end();
    await within(this.connection.whenClosed, PATIENCE_MS, 'the connection to close');
  }

  [Symbol.dispose](): void {
    this.connection.destroy();
  }
}

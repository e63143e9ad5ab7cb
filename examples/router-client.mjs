// A complete client of the router on @grpc/grpc-js and cborg. docs/protocol.md specifies the protocol.
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { decode, encode } from 'cborg';

const HEARTBEAT_MS = 20_000;

// Dart clients can parse only 64-bit floating-point numbers
const toBytes = (message) => Buffer.from(encode(message, { float64: true }));
const fromBytes = (bytes) => decode(bytes, { rejectDuplicateMapKeys: true });

/** Emits `message` (a RouterMessage), `event` (a RouterEvent) and `end` (with the cause). */
export class RouterClient extends EventEmitter {
  #rpc;
  #metadata = new Metadata();
  #p2p = null;
  #events = null;
  #heartbeat = null;
  #waiting = new Map();
  id = null;

  /** `tlsCa`: PEM of the certificate authority of the router; without it the connection is not encrypted. */
  constructor(address, { tlsCa, token } = {}) {
    super();
    this.#rpc = new Client(address, tlsCa ? credentials.createSsl(tlsCa) : credentials.createInsecure());
    if (token) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  /** Registers, then opens the bidirectional stream of messages. */
  async join(clientName, groups = []) {
    const answer = await this.call('register', { clientName, groups });
    if (!answer.success) throw new Error(answer.errorMessage);
    this.id = answer.clientId;
    this.#p2p = this.#rpc.makeBidiStreamRequest('/router/p2p', toBytes, fromBytes, this.#metadata);
    const bound = new Promise((resolve, reject) => {
      this.#p2p.once('data', resolve).once('error', reject);
    });
    this.#p2p.on('data', (message) => this.#receive(message));
    this.#p2p.on('error', (error) => this.#ended(error.details ?? error.message));
    this.#p2p.on('end', () => this.#ended('the router closed the stream'));
    // the first message binds the id to the stream; the router accepts only ids registered on the same connection
    this.send({ type: 'heartbeat' });
    const first = await bound;
    if (first.type === 'error') throw new Error(first.errorMessage);
    this.#heartbeat = setInterval(() => this.send({ type: 'heartbeat' }), HEARTBEAT_MS);
  }

  /** Subscribes to the events of the router: connected and disconnected clients. */
  watch() {
    this.#events = this.#rpc.makeServerStreamRequest('/router/events', toBytes, fromBytes, { v: null }, this.#metadata);
    this.#events.on('data', (event) => this.emit('event', event)).on('error', () => {});
  }

  async onlineClients(filter = {}) {
    return (await this.call('getOnlineClients', filter)).clients;
  }

  /** Sends a RouterMessage: unicast, multicast, broadcast, request, response or updateMetadata. */
  send(message) {
    this.#p2p.write({ ...message, senderId: this.id, timestamp: Date.now() });
  }

  /** Sends a request to another client and resolves with the payload of its response. */
  request(targetId, payload, timeoutMs = 5000) {
    const requestId = randomUUID();
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
      this.send({ type: 'request', targetId, payload: { ...payload, requestId, timeoutMs } });
    });
  }

  /** Sends the response to a request, which was emitted as a `message`. */
  respond(request, payload) {
    const { requestId } = request.payload;
    this.send({ type: 'response', targetId: request.senderId, payload: { ...payload, requestId }, success: true });
  }

  /** Makes a unary call: register, ping or getOnlineClients. */
  call(method, request) {
    return new Promise((resolve, reject) => {
      this.#rpc.makeUnaryRequest(`/router/${method}`, toBytes, fromBytes, request, this.#metadata, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  }

  /** Closes the connection after all messages are sent. */
  leave() {
    this.removeAllListeners('end');
    clearInterval(this.#heartbeat);
    this.#events?.cancel();
    if (this.#p2p === null) this.#rpc.close();
    else this.#p2p.once('status', () => this.#rpc.close()).end();
  }

  /** Cleans up after the end of the stream, and rejects the pending requests. */
  #ended(reason) {
    if (this.#p2p === null) return;
    this.#p2p = null;
    clearInterval(this.#heartbeat);
    this.#events?.cancel();
    this.#rpc.close();
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
    this.emit('end', reason);
  }

  #receive(message) {
    const waiting = message.type === 'response' ? this.#waiting.get(message.payload?.requestId) : undefined;
    if (waiting === undefined) {
      this.emit('message', message);
      return;
    }
    this.#waiting.delete(message.payload.requestId);
    if (message.success) waiting.resolve(message.payload);
    else waiting.reject(new Error(message.errorMessage));
  }
}

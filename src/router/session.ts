import {
  decodeValue,
  type Framing,
  type FramingFault,
  findValue,
  frame,
  ScanResult,
  SINGLE,
  TypeCode,
  UNREADABLE,
} from '../wire/index.ts';
import type { Client, DeliveryQueue, RouterConnection } from './client.ts';
import type { OpenStream, RouterContext } from './context.ts';
import type { PausedSender, PauseQueue, SlowReason } from './delivery/flush-queue.ts';
import { SendQueue } from './delivery/send-queue.ts';
import type { SenderSession } from './handlers/handler.ts';
import { receivedOf } from './handlers/heartbeat.ts';
import { messageIdOf } from './handlers/message-id.ts';
import type { Identity } from './identity.ts';
import type { EndStatus, StreamTransport } from './interfaces.ts';
import { connectedMessage, type ErrorCode, errorMessage, type Refusal, TEXT } from './messages.ts';
import { routeMessage } from './routing.ts';
import type { AttachedStream } from './sessions/durable-session.ts';
import type { StreamOptions } from './subscription.ts';

/**
 * One p2p stream, whatever its transport. The first message attaches it to a client; all messages are routed from then on.
 * The transport calls `onMessage`, `onMalformed`, `fail`, `halfClosed` and `closed`, and sets `framing`.
 */
export class Session implements SenderSession, AttachedStream, OpenStream, PausedSender {
  readonly context: RouterContext;
  readonly connection: RouterConnection;
  readonly transport: StreamTransport;
  readonly identity: Identity;
  readonly queue: SendQueue;
  /** Queue of the messages to the client: `queue`, or the recording queue of a durable session in front of it. */
  inbox: DeliveryQueue;
  client: Client | null = null;
  lastTarget: Client | null = null;
  /** The framing of everything that is sent on this stream. */
  framing: Framing = SINGLE;
  private ending = false;
  private paused = false;
  private isClosed = false;

  constructor(context: RouterContext, { connection, transport, identity }: StreamOptions) {
    this.context = context;
    this.connection = connection;
    this.transport = transport;
    this.identity = identity;
    this.queue = new SendQueue(this, context.flusher, context.budget);
    this.inbox = this.queue;
  }

  /** True once the stream is ending or closed: input is ignored, because it would attach the stream again. */
  get isEnding(): boolean {
    return this.ending;
  }

  /** Processes one message, the CBOR bytes `bytes[start..end)`. They may be kept. For `prefixes` see Framing. */
  onMessage(bytes: Buffer, start: number, end: number, prefixes: number): void {
    if (this.ending) return;
    const { tick, header, limits } = this.context;
    tick.begin();
    tick.messages++;
    if (end - start > limits.maxMessageBytes) {
      this.fail('tooLarge');
      return;
    }
    const { client, lastTarget } = this;
    // a stream that has sent to a client is likely to send to it again
    const expectsIds = client !== null && lastTarget !== null;
    header.expectedSender = expectsIds ? client.encodedId : null;
    header.expectedTarget = expectsIds ? lastTarget.encodedId : null;
    const result = header.scan(bytes, start, end);
    const durable = client?.durable;
    if (durable && (result !== ScanResult.ok || header.type !== TypeCode.heartbeat)) durable.countReceived();
    if (result !== ScanResult.ok) this.refuse(result, end - start);
    else if (client === null) this.attachBy(bytes, start, end, prefixes);
    else routeMessage(this, client, bytes, start, end, prefixes);
  }

  /** Responds to malformed input with an error; the stream continues. */
  onMalformed(): void {
    if (this.ending) return;
    const { tick } = this.context;
    tick.begin();
    tick.messages++;
    this.client?.durable?.countReceived();
    this.refuse(ScanResult.malformed, 0);
  }

  /** Ends the stream after an unrecoverable input. An `error` message precedes the end, since Dart clients ignore trailers. */
  fail(fault: FramingFault): void {
    const { tick, counters, log, limits } = this.context;
    tick.begin();
    counters.dropped[fault === 'compressed' || fault === 'truncated' ? 'malformed' : fault]++;
    log.warnOnce(`p2p-${fault}`, 'Stream ended: invalid message', { fault, remote: this.connection.remote });
    const { code, text } = faultError(fault, limits.maxMessageBytes);
    this.answerError(code, text, null);
    this.end(fault === 'tooLarge' || fault === 'noMemory' ? 'RESOURCE_EXHAUSTED' : 'INTERNAL', text);
  }

  /** End of input: ends the stream after the queued messages have been written. */
  halfClosed(): void {
    if (this.ending) return;
    const { client } = this;
    // an orderly end: no messages are kept
    if (client?.durable) this.context.remove(client, 'sessionEnded');
    this.end('OK', 'OK');
  }

  end(status: EndStatus, details: string): void {
    this.ending = true;
    this.detach();
    this.transport.end(status, details);
  }

  closed(): void {
    if (this.isClosed) return;
    this.ending = this.isClosed = true;
    this.detach();
    this.queue.close();
    this.context.streams.delete(this);
  }

  disconnectSlow(reason: SlowReason): void {
    this.context.disconnectSlow(this, reason);
  }

  pause(queue: PauseQueue): void {
    if (this.paused) return;
    this.paused = true;
    this.context.counters.sendersPaused++;
    this.transport.pauseReading();
    queue.addPaused(this);
  }

  resume(): void {
    this.paused = false;
    this.transport.resumeReading();
  }

  get queuedBytes(): number {
    return this.queue.bytes;
  }

  send(message: Buffer): void {
    this.inbox.push(frame(message, this.framing));
  }

  sendUncounted(message: Buffer): void {
    this.queue.push(frame(message, this.framing));
  }

  answerError(code: ErrorCode, text: string, bytes: Buffer | null, permission?: string): void {
    const messageId = bytes === null ? null : messageIdOf(this.context.header, bytes);
    this.send(errorMessage(this.client?.id, code, text, messageId, this.context.tick.nowMs, permission));
  }

  private refuse(result: number, bytes: number): void {
    const { counters } = this.context;
    const unreadable = result === UNREADABLE;
    counters.countUnknown(bytes);
    counters.dropped[unreadable ? 'unreadable' : 'malformed']++;
    this.answerError('malformed', unreadable ? TEXT.unreadable : TEXT.malformed, null);
  }

  /** Attaches the stream to the sender of its first message, which is routed, too. */
  private attachBy(bytes: Buffer, start: number, end: number, prefixes: number): void {
    const { context, connection } = this;
    const { header } = context;
    const id = header.senderStart < 0 ? null : bytes.toString('utf8', header.senderStart, header.senderEnd);
    const client = this.clientOfToken(bytes) ?? this.clientToAttach(id);
    if ('code' in client) {
      context.counters.countUnknown(end - start);
      context.counters.dropped.notBound++;
      this.answerError(client.code, client.text, bytes);
      return;
    }
    if (client.connection !== connection) context.registry.move(client, connection);
    this.attach(client);
    if (header.type !== TypeCode.heartbeat) client.durable?.countReceived();
    routeMessage(this, client, bytes, start, end, prefixes);
  }

  /** The client of the session token in the first message, or the refusal; null without a valid token. */
  private clientOfToken(bytes: Buffer): Client | Refusal | null {
    const { context, connection } = this;
    const { header, sessions, draining } = context;
    if (header.payloadStart < 0 || header.type !== TypeCode.heartbeat || draining) return null;
    const item = findValue(bytes, header.payloadStart, header.payloadEnd, SESSION_KEY);
    const token = item === null ? null : decodeValue(item);
    const client = typeof token === 'string' ? sessions.bind(token, this.identity) : null;
    if (client === null) return null;
    const refused = client.connection === connection ? null : context.refusalOf(connection);
    if (refused !== null) return { code: 'overloaded', text: refused };
    const received = receivedOf(header, bytes);
    if (received === undefined) return { code: 'malformed', text: TEXT.receivedInvalid };
    return sessions.rewind(client, received) ?? client;
  }

  /** The client with `id`, or the refusal. */
  private clientToAttach(id: string | null): Client | Refusal {
    const { context, connection } = this;
    if (id === null) return { code: 'missing-field', text: TEXT.senderMissing };
    if (context.cannotIdentify(connection)) {
      return { code: 'forbidden', text: TEXT.sharedConnection(connection.proxyHeader ?? '') };
    }
    const client = context.registry.clients.get(id);
    // an id is not a secret: only the connection or token that registered it may attach
    if (client === undefined || !context.mayAttach(client, connection, this.identity)) {
      return { code: 'not-found', text: TEXT.notRegistered(id) };
    }
    return context.draining ? { code: 'shutting-down', text: TEXT.bindFailed(id) } : client;
  }

  private attach(client: Client): void {
    const { tick, registry } = this.context;
    const previous = client.stream;
    this.client = client;
    client.stream = this;
    registry.attached.add(client);
    client.recordActivity(tick.nowMs, tick.startedMs);
    if (previous !== null) previous.end('ABORTED', 'Replaced by a newer p2p stream of the same client');
    this.sendUncounted(connectedMessage(client.id, tick.nowMs));
    if (client.durable !== null) this.inbox = this.context.sessions.attach(client, this, this.queue);
  }

  /** Separates the stream from its client, which stays registered and may open another. */
  private detach(): void {
    const { client } = this;
    if (client === null) return;
    this.client = null;
    this.lastTarget = null;
    if (client.stream === this) this.context.onDetached(client);
  }
}

const SESSION_KEY = Buffer.from('session');

function faultError(fault: FramingFault, maxMessageBytes: number): Refusal {
  if (fault === 'tooLarge') return { code: 'too-large', text: TEXT.tooLarge(maxMessageBytes) };
  if (fault === 'noMemory') return { code: 'overloaded', text: TEXT.noMemory };
  return { code: 'malformed', text: fault === 'compressed' ? TEXT.compressed : 'Truncated message' };
}

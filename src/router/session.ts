import {
  type BodySink,
  type Framing,
  type FramingFault,
  frame,
  MessageReader,
  type MessageScanner,
  type MessageSink,
  ScanResult,
  UNREADABLE,
  unwrapMessage,
} from '../wire/index.ts';
import type { Client } from './client.ts';
import type { FlushQueue } from './delivery/flush-queue.ts';
import { SendQueue } from './delivery/send-queue.ts';
import type { EndStatus, RouterConnection, StreamTransport } from './interfaces.ts';
import { connectedMessage, errorMessage, TEXT } from './messages.ts';
import type { RouterCore } from './router-core.ts';
import { routeMessage } from './routing.ts';

/**
 * One p2p stream: bytes in, messages told apart, bound to a client by its first message, routed from then on.
 * The transport calls `receive`, `halfClosed` and `closed`; what is to be sent waits in `queue`.
 */
export class Session implements MessageSink, BodySink {
  readonly core: RouterCore;
  readonly connection: RouterConnection;
  readonly outlet: StreamTransport;
  /** Proof by which the call was admitted; compared, never shown. */
  readonly credential: string;
  readonly queue: SendQueue;
  client: Client | null = null;
  /** The receiver of the last unicast: most senders talk to one peer for a while. */
  lastTarget: Client | null = null;
  /** How the first message was framed, and so how everything to this stream is. */
  framing: Framing = 0;
  /** Time of the turn in which the last chunk was read, in milliseconds since the epoch. */
  now = 0;
  /** The same by a clock that never jumps. */
  lastReceivedMs = 0;
  private readonly reader: MessageReader;
  /** The client has sent its last message, and not all of them are read. */
  private endsPaused = false;
  private isEnding = false;
  private isClosed = false;

  constructor(core: RouterCore, connection: RouterConnection, outlet: StreamTransport, credential: string) {
    this.core = core;
    this.credential = credential;
    this.connection = connection;
    this.outlet = outlet;
    this.queue = new SendQueue(this, core.flusher, core.budget);
    this.reader = new MessageReader(this, core.limits.maxMessageBytes);
  }

  /** Takes the next bytes of the stream, `chunk[start..end)`. */
  receive(chunk: Buffer, start: number, end: number): void {
    if (this.isEnding) return;
    this.beginTurn();
    this.reader.push(chunk, start, end);
  }

  /** Reads no more messages until the flusher has caught up in `flushQueue`. */
  pause(flushQueue: FlushQueue): void {
    if (this.reader.isPaused) return;
    this.core.counters.sendersPaused++;
    this.reader.pause();
    this.outlet.pause();
    flushQueue.addPaused(this);
  }

  /** Reads on; what is read may pause it again. */
  resume(): void {
    this.beginTurn();
    this.reader.resume();
    if (this.reader.isPaused) return;
    if (this.endsPaused) this.halfClosed();
    this.outlet.resume();
  }

  /** The client has sent its last message: the stream is ended behind what it still has to get. */
  halfClosed(): void {
    if (this.isEnding) return;
    this.endsPaused = this.reader.isPaused;
    if (this.endsPaused) return;
    this.reader.end();
    if (!this.isEnding) this.end('OK', 'OK');
  }

  /** Ends the stream behind what it still has to get. What still comes in is ignored: it would bind it again. */
  end(status: EndStatus, details: string): void {
    this.isEnding = true;
    this.detach();
    this.outlet.end(status, details);
  }

  /** The stream is gone, whoever closed it. */
  closed(): void {
    if (this.isClosed) return;
    this.isEnding = this.isClosed = true;
    this.reader.release();
    this.detach();
    this.queue.close();
    this.core.streams.delete(this);
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    if (this.isEnding) return;
    unwrapMessage(bytes, start, end, this);
  }

  onBody(bytes: Buffer, start: number, end: number, framing: Framing, whole: boolean): void {
    if (this.isEnding) return;
    this.core.turn.messages++;
    if (this.framing === 0) this.framing = framing;
    const { scanner, limits } = this.core;
    if (end - start > limits.maxMessageBytes) {
      this.onFault('tooLarge');
      return;
    }
    this.expectIds(scanner);
    const result = scanner.scan(bytes, start, end);
    if (result !== ScanResult.ok) this.refuse(result, end - start);
    else if (this.client === null) this.bind(bytes, start, end, whole);
    else routeMessage(this, this.client, bytes, start, end, whole);
  }

  /** A stream that has sent to somebody is likely to go on with that. */
  private expectIds(scanner: MessageScanner): void {
    const { client, lastTarget } = this;
    const expects = client !== null && lastTarget !== null;
    scanner.expectedSender = expects ? client.encodedId : null;
    scanner.expectedTarget = expects ? lastTarget.encodedId : null;
  }

  onMalformedBody(framing: Framing): void {
    if (this.isEnding) return;
    this.core.turn.messages++;
    if (this.framing === 0) this.framing = framing;
    this.refuse(ScanResult.malformed, 0);
  }

  onFault(fault: FramingFault): void {
    const { core } = this;
    core.counters.dropped[fault === 'compressed' || fault === 'truncated' ? 'malformed' : fault]++;
    core.log.warnOnce(`p2p-${fault}`, 'Stream ended: message cannot be taken', {
      fault,
      remote: this.connection.remote,
    });
    if (fault === 'tooLarge') this.end('RESOURCE_EXHAUSTED', TEXT.tooLarge(core.limits.maxMessageBytes));
    else if (fault === 'noMemory') this.end('RESOURCE_EXHAUSTED', TEXT.noMemory);
    else this.end('INTERNAL', fault === 'compressed' ? TEXT.compressed : 'Truncated message');
  }

  holdBytes(change: number): boolean {
    return this.core.halfReceived.hold(change);
  }

  /** Gives up a message that is half received, and with it the stream; does nothing when there is none. */
  dropHalfReceived(): void {
    if (!this.reader.isHolding) return;
    this.reader.release();
    this.onFault('noMemory');
  }

  /** Sends a message of the router's own. */
  send(message: Buffer): void {
    this.queue.push(frame(message, this.framing));
  }

  /** Answers a message that cannot be routed. */
  answerError(text: string): void {
    this.send(errorMessage(this.client?.id, text, this.now));
  }

  /** Cuts this stream off from its client, which stays registered and may come back with another stream. */
  detach(): void {
    const { client } = this;
    if (client === null) return;
    this.client = null;
    this.lastTarget = null;
    if (client.stream === this) this.core.onDetached(client);
  }

  private beginTurn(): void {
    const { turn, limits } = this.core;
    turn.begin();
    this.now = turn.nowMs;
    this.lastReceivedMs = turn.startedMs;
    this.reader.maxMessageBytes = limits.maxMessageBytes;
  }

  private refuse(result: number, bytes: number): void {
    const { counters } = this.core;
    const unreadable = result === UNREADABLE;
    counters.countUnknown(bytes);
    counters.dropped[unreadable ? 'unreadable' : 'malformed']++;
    this.answerError(unreadable ? TEXT.unreadable : TEXT.malformed);
  }

  /** The first message says who this is; it is routed too, unless it is the usual heartbeat. */
  private bind(bytes: Buffer, start: number, end: number, whole: boolean): void {
    const { core, connection } = this;
    const { scanner, registry, counters } = core;
    const refusal = (text: string): void => {
      counters.countUnknown(end - start);
      counters.dropped.notBound++;
      this.answerError(text);
    };
    if (scanner.senderStart < 0) {
      refusal(TEXT.senderMissing);
      return;
    }
    if (core.cannotIdentify(connection)) {
      refusal(TEXT.sharedConnection(connection.proxyHeader ?? ''));
      return;
    }
    const id = bytes.toString('utf8', scanner.senderStart, scanner.senderEnd);
    const client = registry.clients.get(id);
    // an id is not a secret: it takes the connection, or the token, that registered it
    if (client === undefined || !core.mayBind(client, connection, this.credential)) refusal(TEXT.notRegistered(id));
    else if (core.draining) refusal(TEXT.bindFailed(id));
    else {
      if (client.connection !== connection) registry.move(client, connection);
      this.attach(client);
      routeMessage(this, client, bytes, start, end, whole);
    }
  }

  private attach(client: Client): void {
    const previous = client.stream;
    this.client = client;
    client.stream = this;
    this.core.registry.attached.add(client);
    client.recordActivity(this.now, this.lastReceivedMs);
    if (previous !== null) previous.end('ABORTED', 'Replaced by a newer p2p stream of the same client');
    this.send(connectedMessage(client.id, this.now));
  }
}

/** True when `bytes[start..end)` is the text of the item `idItem`, whose head is two bytes long. */
export function isId(bytes: Buffer, start: number, end: number, client: Client): boolean {
  const { idItem } = client;
  const head = idItem.length - (end - start);
  if (head !== 2) return false;
  for (let i = start, k = head; i < end; i++, k++) if (bytes[i] !== idItem[k]) return false;
  return true;
}

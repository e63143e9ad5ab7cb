import { type CborMap, decodeCborMap, type Encodable, encodeCbor, Raw } from './cbor.ts';
import { type ClientFraming, FrameReader, frameBody } from './framing.ts';
import { PATIENCE_MS, within } from './poll.ts';
import type { RawStream, StreamEnd } from './raw-stream.ts';

/** A received message: decoded, and its bytes. */
export interface Received {
  readonly message: CborMap;
  readonly body: Buffer;
}

interface Waiter {
  readonly matches: (message: CborMap) => boolean;
  readonly resolve: (received: Received) => void;
}

/** A long-lived call, `p2p` or `events`: sends and collects messages. */
export class MessageStream {
  readonly stream: RawStream;
  /** Received messages that were not taken yet. */
  readonly inbox: Received[] = [];
  /** Number of received messages. */
  receivedCount = 0;
  /** Received messages that a Dart client cannot read. */
  fault: Error | null = null;
  private readonly framing: ClientFraming;
  private readonly reader: FrameReader;
  private waiters: Waiter[] = [];

  constructor(stream: RawStream, framing: ClientFraming) {
    this.stream = stream;
    this.framing = framing;
    this.reader = new FrameReader(framing);
    stream.onBytes = (bytes) => this.onBytes(bytes);
  }

  get whenEnded(): Promise<StreamEnd> {
    return this.stream.whenEnded;
  }

  /** Sends a message in the framing of the client. A Buffer is sent as the CBOR body. */
  send(message: Encodable): void {
    this.sendBytes(frameBody(Buffer.isBuffer(message) ? message : encodeCbor(message), this.framing));
  }

  /** Sends bytes verbatim, framing included. */
  sendBytes(bytes: Buffer): void {
    this.stream.send(bytes);
  }

  /** Half-closes like Dart. */
  halfClose(): void {
    this.stream.halfClose();
  }

  /** The next message that matches, now or within the limit; it leaves the inbox, others stay there. */
  async next(matches: (message: CborMap) => boolean = () => true, limitMs = PATIENCE_MS): Promise<Received> {
    if (this.fault !== null) throw this.fault;
    const index = this.inbox.findIndex((received) => matches(received.message));
    if (index >= 0) return this.inbox.splice(index, 1)[0] as Received;
    const arrival = new Promise<Received>((resolve) => this.waiters.push({ matches, resolve }));
    return within(arrival, limitMs, `a message that matches ${matches}; inbox: ${this.describeInbox()}`);
  }

  /** The next message of that type. */
  async ofType(type: string, limitMs = PATIENCE_MS): Promise<Received> {
    return this.next((message) => message.type === type, limitMs);
  }

  /** Takes all messages in the inbox. */
  drain(): Received[] {
    return this.inbox.splice(0);
  }

  private describeInbox(): string {
    const seen = this.inbox.map(({ message }) => `${message.type} ${message.errorMessage ?? ''}`);
    return `[${seen.slice(0, 5).join(', ')}]${this.fault === null ? '' : `, fault: ${this.fault.message}`}`;
  }

  private onBytes(bytes: Buffer): void {
    try {
      for (const body of this.reader.push(bytes)) this.onBody(body);
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
    }
  }

  private onBody(body: Buffer): void {
    const received = { message: decodeCborMap(body), body };
    this.receivedCount++;
    const waiter = this.waiters.find(({ matches }) => matches(received.message));
    if (waiter === undefined) {
      this.inbox.push(received);
      return;
    }
    this.waiters = this.waiters.filter((other) => other !== waiter);
    waiter.resolve(received);
  }
}

/** A body in hex, to be sent verbatim. */
export function hex(body: string): Raw {
  return new Raw(body);
}

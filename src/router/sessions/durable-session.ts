import { type Framing, SINGLE } from '../../wire/index.ts';
import type { Client, ClientSession, ClientStream, DeliveryQueue } from '../client.ts';
import { acknowledgement } from '../messages.ts';
import { type ReplayBudget, ReplayBuffer } from './replay-buffer.ts';

/** The p2p stream that a durable session is attached to. */
export interface AttachedStream extends ClientStream {
  /** Sends a message that does not count in the session, and is not kept. */
  sendUncounted(message: Buffer): void;
}

/** The owner of a durable session. */
export interface DurableSessionOwner {
  readonly budget: ReplayBudget;
  maxBytes(session: DurableSession): number;
  nowMs(): number;
  /** The session has received messages that are not acknowledged yet. */
  acknowledgeLater(session: DurableSession): void;
}

/** Messages received without an acknowledgement, after which one is sent at once. */
const ACKNOWLEDGE_MESSAGES = 64;

/**
 * A session that outlives its connection: the messages that the client has not acknowledged, and counts in both directions.
 * Heartbeats do not count. While no stream is attached, messages to the client are only kept.
 */
export class DurableSession implements ClientSession {
  readonly client: Client;
  readonly replay: ReplayBuffer;
  /** Takes the place of a stream while none is attached. */
  readonly detachedStream: ClientStream;
  /** Messages received from the client, over all connections. */
  received = 0;
  /** Start of the time without a stream, by the monotonic clock; null while one is attached. */
  awaySinceMs: number | null;
  /** Messages lost after the answer to the last resume, which could not report them. */
  unreportedLost = 0;
  private readonly owner: DurableSessionOwner;
  private readonly queue: RecordingQueue;
  private stream: AttachedStream | null = null;
  /** The framing of the kept messages: that of the stream attached last. */
  private framing: Framing = SINGLE;
  private acknowledged = 0;
  private acknowledgementDue = false;

  constructor(client: Client, owner: DurableSessionOwner, nowMs: number) {
    this.client = client;
    this.owner = owner;
    this.awaySinceMs = nowMs;
    this.replay = new ReplayBuffer(owner.budget, () => owner.maxBytes(this));
    this.queue = new RecordingQueue(this);
    this.detachedStream = new DetachedStream(client, this);
  }

  get isAway(): boolean {
    return this.awaySinceMs !== null;
  }

  get keptMessages(): number {
    return this.replay.length;
  }

  get keptFraming(): Framing {
    return this.framing;
  }

  /** Attaches `stream`, sends it all kept messages, and returns the queue for further ones. */
  attach(stream: AttachedStream, queue: DeliveryQueue): DeliveryQueue {
    const { replay, framing } = this;
    if (stream.framing !== framing) {
      const next = stream.framing;
      replay.transform((kept) => next.frame(kept, framing.bodyStart(kept), kept.length, 0));
      this.framing = next;
    }
    this.unreportedLost += replay.startReplay();
    replay.forEach((message) => {
      queue.push(message);
    });
    this.stream = stream;
    this.awaySinceMs = null;
    this.queue.target = queue;
    return this.queue;
  }

  /** The stream is closed, or is about to be replaced. */
  detach(nowMs: number): void {
    this.stream = null;
    this.queue.target = null;
    this.awaySinceMs = nowMs;
    this.replay.compact();
  }

  /** The client was removed: releases everything. */
  close(): void {
    this.stream = null;
    this.queue.target = null;
    this.acknowledgementDue = false;
    this.replay.clear();
  }

  keep(framed: Buffer): void {
    this.replay.push(framed);
  }

  /** Counts a message of the client. */
  countReceived(): void {
    this.received++;
    if (this.received - this.acknowledged >= ACKNOWLEDGE_MESSAGES) this.acknowledge();
    else if (!this.acknowledgementDue) {
      this.acknowledgementDue = true;
      this.owner.acknowledgeLater(this);
    }
  }

  /** The client reports `received` messages, or null; false if the count is impossible. */
  onHeartbeat(received: number | null): boolean {
    const isPossible = received === null || this.replay.acknowledge(received);
    this.acknowledge();
    return isPossible;
  }

  /** Sends the count of received messages. */
  acknowledge(): void {
    this.acknowledgementDue = false;
    this.acknowledged = this.received;
    this.stream?.sendUncounted(acknowledgement(this.client.id, this.received, this.owner.nowMs()));
  }

  /** Sends the acknowledgement that is due, if one still is. */
  acknowledgeIfDue(): void {
    if (this.acknowledgementDue) this.acknowledge();
  }
}

/** Keeps each message, and passes it on to the send queue of the attached stream. */
class RecordingQueue implements DeliveryQueue {
  target: DeliveryQueue | null = null;
  private readonly session: DurableSession;

  constructor(session: DurableSession) {
    this.session = session;
  }

  push(framed: Buffer): void {
    this.session.keep(framed);
    this.target?.push(framed);
  }

  pushFanOut(framed: Buffer): void {
    this.session.keep(framed);
    this.target?.pushFanOut(framed);
  }
}

/** Receives messages while no stream is attached. */
class DetachedStream implements ClientStream {
  client: Client | null;
  readonly inbox: DeliveryQueue;
  private readonly session: DurableSession;

  constructor(client: Client, session: DurableSession) {
    this.client = client;
    this.session = session;
    this.inbox = { push: (framed) => session.keep(framed), pushFanOut: (framed) => session.keep(framed) };
  }

  get framing(): Framing {
    return this.session.keptFraming;
  }

  get queuedBytes(): number {
    return this.session.replay.bytes;
  }

  send(message: Buffer): void {
    const { framing } = this;
    this.inbox.push(framing.frame(message, 0, message.length, 0));
  }

  end(): void {}
}

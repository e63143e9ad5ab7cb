import type { Framing } from '../wire/index.ts';
import type { RouterConnection } from './client.ts';
import type { OpenStream, RouterContext } from './context.ts';
import type { SlowReason } from './delivery/flush-queue.ts';
import { SendQueue } from './delivery/send-queue.ts';
import type { EventSubscriber } from './events.ts';
import type { Identity } from './identity.ts';
import type { EndStatus, StreamTransport } from './interfaces.ts';

/** Arguments of a transport for opening a stream. */
export interface StreamOptions {
  readonly connection: RouterConnection;
  readonly transport: StreamTransport;
  /** The principal of the call. */
  readonly identity: Identity;
}

/** One `events` stream. */
export class Subscription implements EventSubscriber, OpenStream {
  readonly connection: RouterConnection;
  readonly transport: StreamTransport;
  readonly identity: Identity;
  readonly framing: Framing;
  readonly queue: SendQueue;
  readonly client = null;
  private readonly context: RouterContext;

  constructor(context: RouterContext, { connection, transport, identity }: StreamOptions, framing: Framing) {
    this.context = context;
    this.connection = connection;
    this.transport = transport;
    this.identity = identity;
    this.framing = framing;
    this.queue = new SendQueue(this, context.flusher, context.budget);
  }

  /** Ends the stream after the queued events have been written. */
  end(status: EndStatus, details: string): void {
    this.transport.end(status, details);
  }

  disconnectSlow(reason: SlowReason): void {
    this.context.disconnectSlow(this, reason);
  }

  closed(): void {
    this.queue.close();
    this.context.events.subscribers.delete(this);
    this.context.streams.delete(this);
  }
}

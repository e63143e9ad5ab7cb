import type { Framing } from '../wire/index.ts';
import { SendQueue } from './delivery/send-queue.ts';
import type { EventSubscriber } from './event-hub.ts';
import type { EndStatus, RouterConnection, StreamTransport } from './interfaces.ts';
import type { RouterCore } from './router-core.ts';

export interface SubscriptionOptions {
  readonly connection: RouterConnection;
  readonly outlet: StreamTransport;
  readonly framing: Framing;
  /** Proof by which the call was admitted; compared, never shown. */
  readonly credential: string;
}

/** One `events` stream. */
export class Subscription implements EventSubscriber {
  readonly connection: RouterConnection;
  readonly outlet: StreamTransport;
  readonly framing: Framing;
  readonly credential: string;
  readonly queue: SendQueue;
  private readonly core: RouterCore;

  constructor(core: RouterCore, options: SubscriptionOptions) {
    this.core = core;
    this.connection = options.connection;
    this.outlet = options.outlet;
    this.framing = options.framing;
    this.credential = options.credential;
    this.queue = new SendQueue(this, core.flusher, core.budget);
  }

  /** Ends the stream behind the events that are queued. */
  end(status: EndStatus, details: string): void {
    this.outlet.end(status, details);
  }

  /** The stream is gone, whoever closed it. */
  closed(): void {
    this.queue.close();
    this.core.events.subscribers.delete(this);
    this.core.streams.delete(this);
  }
}

import type { Framing } from '../wire/index.ts';
import type { EventSubscriber } from './event-hub.ts';
import { OutboundQueue } from './outbound-queue.ts';
import type { EndStatus, RouterConnection, StreamOutlet } from './ports.ts';
import type { RouterCore } from './router-core.ts';

export interface SubscriptionOptions {
  readonly connection: RouterConnection;
  readonly outlet: StreamOutlet;
  readonly framing: Framing;
  /** Proof by which the call was admitted; compared, never shown. */
  readonly credential: string;
}

/** One `events` stream. */
export class Subscription implements EventSubscriber {
  readonly connection: RouterConnection;
  readonly outlet: StreamOutlet;
  readonly framing: Framing;
  readonly credential: string;
  readonly queue: OutboundQueue;
  private readonly core: RouterCore;

  constructor(core: RouterCore, options: SubscriptionOptions) {
    this.core = core;
    this.connection = options.connection;
    this.outlet = options.outlet;
    this.framing = options.framing;
    this.credential = options.credential;
    this.queue = new OutboundQueue(this, core.flusher, core.budget);
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

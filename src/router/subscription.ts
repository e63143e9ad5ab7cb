import type { Framing } from '../wire/index.ts';
import type { EventSubscriber } from './event-hub.ts';
import { OutboundQueue } from './outbound-queue.ts';
import type { RouterConnection, StreamOutlet } from './ports.ts';
import type { RouterCore } from './router-core.ts';

/** One `events` stream. */
export class Subscription implements EventSubscriber {
  readonly connection: RouterConnection;
  readonly outlet: StreamOutlet;
  readonly framing: Framing;
  readonly queue: OutboundQueue;
  private readonly core: RouterCore;

  constructor(core: RouterCore, connection: RouterConnection, outlet: StreamOutlet, framing: Framing) {
    this.core = core;
    this.connection = connection;
    this.outlet = outlet;
    this.framing = framing;
    this.queue = new OutboundQueue(this, core.flusher, core.budget);
  }

  /** The stream is gone, whoever closed it. */
  closed(): void {
    this.queue.close();
    this.core.events.subscribers.delete(this);
    this.core.streams.delete(this);
  }
}

import { doubleFrame, type Encodable, type Framing, PREFIX_BYTES } from '../wire/index.ts';
import type { SendQueue } from './delivery/send-queue.ts';
import { eventMessage } from './messages.ts';

export type EventType =
  | 'clientConnected'
  | 'clientDisconnected'
  | 'clientCapabilitiesUpdated'
  | 'topologyChanged'
  | 'routerStats'
  | 'healthWarning'
  | 'performanceMetrics';

/** A subscriber of the `events` method. */
export interface EventSubscriber {
  readonly framing: Framing;
  readonly queue: SendQueue;
}

/** Sends router events to their subscribers: encoded once for all of them, and not at all when nobody listens. */
export class EventHub {
  readonly subscribers = new Set<EventSubscriber>();
  /** Copies queued to subscribers. */
  sent = 0;

  get hasListeners(): boolean {
    return this.subscribers.size > 0;
  }

  publish(type: EventType, now: number, data: () => Encodable): void {
    if (this.subscribers.size > 0) this.publishEncoded(eventMessage(type, data(), now));
  }

  /** Sends an event that is encoded already. */
  publishEncoded(event: Buffer): void {
    const framed = doubleFrame(event);
    for (const subscriber of this.subscribers) this.deliver(subscriber, framed);
  }

  /** Sends an event to one subscriber only. */
  publishTo(subscriber: EventSubscriber, type: EventType, now: number, data: Encodable): void {
    this.deliver(subscriber, doubleFrame(eventMessage(type, data, now)));
  }

  private deliver(subscriber: EventSubscriber, framed: Buffer): void {
    subscriber.queue.push(subscriber.framing === 2 ? framed : framed.subarray(PREFIX_BYTES));
    this.sent++;
  }
}

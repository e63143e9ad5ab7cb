import { DOUBLE, type Encodable, ForwardedMessage, type Framing, frame } from '../wire/index.ts';
import { eventMessage } from './messages.ts';

export type EventType =
  | 'clientConnected'
  | 'clientDisconnected'
  | 'clientCapabilitiesUpdated'
  | 'topologyChanged'
  | 'routerStats'
  | 'healthWarning'
  | 'performanceMetrics';

/** A receiver of the events: a call of the `events` method, or the HTTP API. */
export interface EventSubscriber {
  readonly framing: Framing;
  readonly queue: { push(framed: Buffer): void };
}

/** Publishes router events: encoded once for all subscribers, and not at all without any. */
export class EventHub {
  readonly subscribers = new Set<EventSubscriber>();
  /** Copies queued to subscribers. */
  sent = 0;
  private readonly forwarded = new ForwardedMessage();

  get hasListeners(): boolean {
    return this.subscribers.size > 0;
  }

  publish(type: EventType, now: number, data: () => Encodable): void {
    if (this.subscribers.size > 0) this.publishEncoded(eventMessage(type, data(), now));
  }

  /** Publishes an encoded event. */
  publishEncoded(event: Buffer): void {
    this.deliver(event, this.subscribers);
  }

  /** Sends an event to one subscriber only. */
  publishTo(subscriber: EventSubscriber, type: EventType, now: number, data: Encodable): void {
    this.deliver(eventMessage(type, data, now), [subscriber]);
  }

  private deliver(event: Buffer, subscribers: Iterable<EventSubscriber>): void {
    const { forwarded } = this;
    const framed = frame(event, DOUBLE);
    forwarded.take(framed, framed.length - event.length, framed.length, 2);
    for (const { queue, framing } of subscribers) {
      queue.push(forwarded.framed(framing));
      this.sent++;
    }
    forwarded.clear();
  }
}

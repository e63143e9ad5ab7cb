import { mapOf, numberOf, type RouterEvent, textOf } from './messages.ts';
import type { Transport } from './transport.ts';
import { decodeMap, encodeMap, type Value } from './values.ts';

/** The router's events: subscribed to once the application wants them, and again on each new connection. */
export class EventStream {
  private readonly onEvent: (event: RouterEvent) => void;
  private isWanted = false;
  private subscribed: Transport | null = null;

  constructor(onEvent: (event: RouterEvent) => void) {
    this.onEvent = onEvent;
  }

  /** The application wants events from now on. */
  want(transport: Transport | null): void {
    this.isWanted = true;
    if (transport !== null) this.reopen(transport);
  }

  /** Subscribes over `transport`, if events are wanted. */
  reopen(transport: Transport): void {
    if (!this.isWanted || this.subscribed === transport) return;
    this.subscribed = transport;
    const stream = transport.open('events', {
      onMessage: (body) => {
        const event = readable(body);
        if (event === null) return;
        this.onEvent({
          type: textOf(event.type) ?? '',
          timestamp: numberOf(event.timestamp) ?? 0,
          data: mapOf(event.data),
        });
      },
      // the end of the connection is reported elsewhere
      onEnd: () => {
        if (this.subscribed === transport) this.subscribed = null;
      },
    });
    stream.write(encodeMap({ v: null }));
    stream.end();
  }
}

/** An event that is not readable is skipped: it concerns no message. */
function readable(body: Uint8Array): Record<string, Value> | null {
  try {
    return decodeMap(body);
  } catch {
    return null;
  }
}

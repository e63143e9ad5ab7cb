import type { ServerResponse } from 'node:http';
import type { EventSubscriber, RouterCore } from '../router/index.ts';
import type { ApiCounters } from '../telemetry/index.ts';
import { decodeValue, findValue, jsonOf, SINGLE } from '../wire/index.ts';

/** A viewer with more unsent bytes is a slow consumer and is disconnected. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Comments that keep proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
const MAX_VIEWERS = 100;

const TYPE_KEY = Buffer.from('type');

/** The events of the router as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class EventStream implements EventSubscriber {
  readonly framing = SINGLE;
  readonly queue = { push: (framed: Buffer) => this.publish(framed.subarray(this.framing.bodyStart(framed))) };
  private readonly core: RouterCore;
  private readonly counters: ApiCounters;
  /** Types that each viewer asked for; null for all. */
  private readonly viewers = new Map<ServerResponse, ReadonlySet<string> | null>();
  private heartbeat: NodeJS.Timeout | null = null;

  constructor(core: RouterCore, counters: ApiCounters) {
    this.core = core;
    this.counters = counters;
  }

  get isFull(): boolean {
    return this.viewers.size >= MAX_VIEWERS;
  }

  /** Starts a stream of the events with these `types` on `response`, whose headers have been written. */
  add(response: ServerResponse, types: ReadonlySet<string> | null): void {
    response.write('retry: 1000\n\n');
    this.viewers.set(response, types);
    response.on('close', () => this.remove(response));
    // events are encoded only while somebody subscribes
    this.core.events.subscribers.add(this);
    this.heartbeat ??= setInterval(() => this.writeAll(null, ': \n\n'), HEARTBEAT_MS);
    this.counters.eventStreams = this.viewers.size;
  }

  /** Ends all streams. */
  close(): void {
    for (const viewer of this.viewers.keys()) viewer.end();
  }

  private remove(response: ServerResponse): void {
    this.viewers.delete(response);
    this.counters.eventStreams = this.viewers.size;
    if (this.viewers.size > 0) return;
    this.core.events.subscribers.delete(this);
    if (this.heartbeat !== null) clearInterval(this.heartbeat);
    this.heartbeat = null;
  }

  private publish(event: Buffer): void {
    const item = findValue(event, 0, event.length, TYPE_KEY);
    const type = item === null ? '' : String(decodeValue(item));
    this.writeAll(type, `event: ${type}\ndata: ${jsonOf(event)}\n\n`);
  }

  /** Writes to the viewers of `type`; to all with null. */
  private writeAll(type: string | null, text: string): void {
    for (const [viewer, types] of this.viewers) {
      if (type !== null && types?.has(type) === false) continue;
      if (viewer.writableLength > MAX_UNSENT_BYTES) viewer.destroy();
      else viewer.write(text);
    }
  }
}

import type { ServerResponse } from 'node:http';
import { respondText, startEventStream } from './http-respond.ts';

const MAX_VIEWERS = 50;
/** A viewer with more unsent bytes is a slow consumer and is disconnected. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Publishes the status to all viewers as server-sent events; serializes it once for all of them. */
export class StatusStream {
  private readonly viewers = new Set<ServerResponse>();

  /** Adds a viewer and sends it the current status. */
  add(response: ServerResponse, current: () => unknown): void {
    if (this.viewers.size >= MAX_VIEWERS) {
      respondText(response, 503, `Too many viewers: at most ${MAX_VIEWERS}`);
      return;
    }
    startEventStream(response);
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    response.write(eventOf(current()));
    this.viewers.add(response);
    response.on('close', () => this.viewers.delete(response));
  }

  /** Sends the status to all viewers. Does not call `current` without viewers. */
  publish(current: () => unknown): void {
    if (this.viewers.size === 0) return;
    const event = eventOf(current());
    for (const viewer of this.viewers) {
      if (viewer.writableLength > MAX_UNSENT_BYTES) viewer.destroy();
      else viewer.write(event);
    }
  }

  close(): void {
    for (const viewer of this.viewers) viewer.destroy();
  }
}

function eventOf(document: unknown): string {
  return `data: ${JSON.stringify(document)}\n\n`;
}

import type { ServerResponse } from 'node:http';
import { beginEvents, respondText } from './http-respond.ts';

const MAX_VIEWERS = 50;
/** A viewer that has this much unsent does not look any more. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Sends the status to those who watch it, made once for all of them. */
export class StatusStream {
  private readonly viewers = new Set<ServerResponse>();

  /** Adds a viewer, with `current` as the first thing it sees. */
  add(response: ServerResponse, current: () => unknown): void {
    if (this.viewers.size >= MAX_VIEWERS) {
      respondText(response, 503, `Too many viewers: at most ${MAX_VIEWERS}`);
      return;
    }
    beginEvents(response);
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    response.write(eventOf(current()));
    this.viewers.add(response);
    response.on('close', () => this.viewers.delete(response));
  }

  /** Sends the status to everybody; asks for it only when somebody watches. */
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

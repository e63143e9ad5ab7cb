import type { ServerResponse } from 'node:http';
import type { RouterCore } from '../router/index.ts';
import { listClients, parseClientQuery } from './client-list.ts';
import { respondJson, respondText } from './http-respond.ts';

/** Requests that may wait for the one being worked on. */
const MAX_WAITING = 10;

/** Answers `/api/clients`, one request at a time, so that many viewers do not add up to a load. */
export class ClientRoutes {
  private readonly core: RouterCore;
  private readonly isShown: () => boolean;
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(core: RouterCore, isShown: () => boolean) {
    this.core = core;
    this.isShown = isShown;
  }

  async respond(response: ServerResponse): Promise<void> {
    if (!this.isShown()) {
      respondText(response, 404, 'Clients are listed only with --status-page-clients');
      return;
    }
    const query = parseClientQuery(new URL(response.req.url ?? '/', 'http://localhost').searchParams);
    if (typeof query === 'string') {
      respondText(response, 400, query);
      return;
    }
    if (this.waiting >= MAX_WAITING) {
      respondText(response, 503, 'Too many requests for clients at once: try again');
      return;
    }
    this.waiting++;
    const page = this.last.then(() => listClients(this.core, query, () => !response.destroyed));
    this.last = page.then(
      () => {},
      () => {},
    );
    try {
      const found = await page;
      if (found !== null) respondJson(response, found);
    } finally {
      this.waiting--;
    }
  }
}

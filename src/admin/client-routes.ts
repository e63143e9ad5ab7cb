import type { ServerResponse } from 'node:http';
import { type ClientPage, type ClientQuery, parseClientQuery } from './client-list.ts';
import { respondJson, respondText } from './http-respond.ts';

/** Most concurrent requests; only one of them is processed at a time. */
const MAX_REQUESTS = 10;

/** One page of the clients; null as soon as `isWanted` returns false. */
type ListClients = (query: ClientQuery, isWanted: () => boolean) => Promise<ClientPage | null>;

/** Serves `/api/clients`, one request at a time, which bounds the load of many viewers. */
export class ClientRoutes {
  private readonly list: ListClients;
  private readonly isShown: () => boolean;
  private last: Promise<void> = Promise.resolve();
  private requests = 0;

  constructor(list: ListClients, isShown: () => boolean) {
    this.list = list;
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
    if (this.requests >= MAX_REQUESTS) {
      respondText(response, 503, 'Too many requests for clients at once: try again');
      return;
    }
    this.requests++;
    const page = this.last.then(() => this.list(query, () => !response.destroyed));
    this.last = page.then(
      () => {},
      () => {},
    );
    try {
      const found = await page;
      if (found !== null) respondJson(response, found);
    } finally {
      this.requests--;
    }
  }
}

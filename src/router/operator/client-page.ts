import type { Client, ListedClient } from '../client.ts';
import type { RouterContext } from '../context.ts';

/** Position of a client in the order of nodes and registrations, which never changes. */
export interface ClientPosition {
  readonly tag: number;
  readonly number: number;
}

/** A client of any node. */
export interface PagedClient extends ClientPosition {
  readonly client: ListedClient;
  /** The client, if it belongs to this node. */
  readonly local: Client | null;
  /** Label of its node; null for this one. */
  readonly node: string | null;
}

export interface PageQuery {
  readonly matches: (client: ListedClient) => boolean;
  /** The last client of the previous page; null for the first page. */
  readonly after: ClientPosition | null;
  readonly limit: number;
}

/**
 * One page of the clients of all nodes. Collected in slices, so that many clients do not block the event loop: call
 * `collect` until it returns true. Clients that register or leave meanwhile neither repeat nor hide others.
 */
export class ClientPage {
  private readonly all: Iterator<PagedClient>;
  private readonly query: PageQuery;
  private kept: PagedClient[] = [];
  /** Clients after this one do not belong to the page. */
  private last: PagedClient | null = null;

  constructor(context: RouterContext, query: PageQuery) {
    this.all = clientsOf(context);
    this.query = query;
  }

  /** Examines up to `count` more clients; returns true after the last one. */
  collect(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const next = this.all.next();
      if (next.done === true) {
        this.prune();
        return true;
      }
      this.examine(next.value);
    }
    return false;
  }

  /** The clients of the page, in order. */
  get clients(): readonly PagedClient[] {
    return this.kept.slice(0, this.query.limit);
  }

  /** The position to continue from; null on the last page. */
  get next(): ClientPosition | null {
    const last = this.kept[this.query.limit - 1];
    return this.kept.length > this.query.limit && last !== undefined ? { tag: last.tag, number: last.number } : null;
  }

  private examine(found: PagedClient): void {
    const { after, matches, limit } = this.query;
    if (after !== null && compare(found, after) <= 0) return;
    if (this.last !== null && compare(found, this.last) >= 0) return;
    if (!matches(found.client)) return;
    this.kept.push(found);
    if (this.kept.length > 2 * limit) this.prune();
  }

  /** Keeps one client more than the page has, which shows that there is another page. */
  private prune(): void {
    this.kept.sort(compare);
    this.kept.length = Math.min(this.kept.length, this.query.limit + 1);
    this.last = this.kept[this.query.limit] ?? null;
  }
}

function compare(a: ClientPosition, b: ClientPosition): number {
  return a.tag - b.tag || a.number - b.number;
}

function* clientsOf({ registry, peers }: RouterContext): Iterator<PagedClient> {
  const tag = peers?.tag ?? 0;
  for (const client of registry.clients.values()) {
    yield { tag, number: client.replica?.handle ?? client.sequence, client, local: client, node: null };
  }
  for (const directory of peers?.directories() ?? []) {
    for (const client of directory.clients()) {
      yield { tag: directory.tag, number: client.handle, client, local: null, node: directory.label };
    }
  }
}

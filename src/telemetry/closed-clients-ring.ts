import type { RouterStatus } from './status.ts';

const CAPACITY = 50;

/** A closed client; id, name and address are shown only with --status-page-clients. */
export interface ClosedClient {
  readonly at: number;
  readonly reason: string;
  readonly connectedMs: number;
  readonly clientId: string;
  readonly clientName: string | null;
  readonly address: string;
}

/** Ring buffer of the last closed clients and their close reasons, for the status page. */
export class ClosedClientsRing {
  private readonly closed: ClosedClient[] = [];
  private next = 0;

  add(client: ClosedClient): void {
    this.closed[this.next] = client;
    this.next = (this.next + 1) % CAPACITY;
  }

  /** Newest first; ids, names and addresses only with `showClients`. */
  list(showClients: boolean): RouterStatus['recentlyClosed'] {
    const newestFirst = [...this.closed.slice(this.next), ...this.closed.slice(0, this.next)].reverse();
    if (showClients) return newestFirst;
    return newestFirst.map(({ at, reason, connectedMs }) => ({ at, reason, connectedMs }));
  }
}

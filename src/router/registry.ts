import type { Client, RouterConnection } from './client.ts';

/** Registered clients by id and by group. A group exists as long as it has members. */
export class Registry {
  readonly clients = new Map<string, Client>();
  readonly groups = new Map<string, Set<Client>>();
  /** Clients with an attached p2p stream or a session that keeps messages: the receivers of broadcasts. */
  readonly attached = new Set<Client>();
  private lastSequence = 0;

  add(client: Client): void {
    client.sequence = ++this.lastSequence;
    this.clients.set(client.id, client);
    client.connection.clients.add(client);
    this.join(client);
  }

  /** Replaces the groups of `client`. */
  setGroups(client: Client, names: readonly string[]): void {
    this.leave(client);
    client.groups = names;
    this.join(client);
  }

  /** Ties the lifetime of `client` to `connection` instead of the one that it registered on. */
  move(client: Client, connection: RouterConnection): void {
    client.connection.clients.delete(client);
    client.connection = connection;
    connection.clients.add(client);
  }

  remove(client: Client): void {
    this.clients.delete(client.id);
    this.attached.delete(client);
    client.connection.clients.delete(client);
    this.leave(client);
  }

  /** The attached client whose id is the text `bytes[start..end)`, or null. */
  find(bytes: Buffer, start: number, end: number): Client | null {
    const client = this.clients.get(bytes.toString('latin1', start, end));
    return client !== undefined && client.stream !== null ? client : null;
  }

  private join(client: Client): void {
    for (const name of client.groups) {
      const members = this.groups.get(name);
      if (members === undefined) this.groups.set(name, new Set([client]));
      else members.add(client);
    }
  }

  private leave(client: Client): void {
    for (const name of client.groups) {
      const members = this.groups.get(name);
      members?.delete(client);
      if (members?.size === 0) this.groups.delete(name);
    }
  }
}

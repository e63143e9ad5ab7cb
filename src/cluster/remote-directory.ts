import { CLIENT_STATUSES, type ClientStatus, type Clock } from '../router/index.ts';
import { ACTIVITY_BYTES, type Delta, DeltaOp, decodeEntries, digestOf } from './delta.ts';
import { RemoteClient } from './remote-client.ts';

/** Removals per tick: each publishes an event. */
const REMOVALS_PER_TICK = 500;

/** Changes of a replica, which become events on this node. */
export interface DirectoryListener {
  added(namespace: string, client: RemoteClient): void;
  changed(namespace: string, client: RemoteClient, change: 'metadata' | 'groups' | 'silent', at: number): void;
  /** The stream of the client is closed. */
  detached(namespace: string, client: RemoteClient): void;
  disconnecting(namespace: string, client: RemoteClient, lastActivity: number): void;
  removed(namespace: string, client: RemoteClient, reason: string, at: number): void;
  statusChanged(namespace: string): void;
}

/** The clients of another node in one namespace. */
export class RemoteNamespace {
  readonly clients = new Map<number, RemoteClient>();
  /** Number of members by group. */
  readonly groups = new Map<string, number>();

  join(client: RemoteClient): void {
    for (const name of client.groups) this.groups.set(name, (this.groups.get(name) ?? 0) + 1);
  }

  leave(client: RemoteClient): void {
    for (const name of client.groups) {
      const left = (this.groups.get(name) ?? 1) - 1;
      if (left > 0) this.groups.set(name, left);
      else this.groups.delete(name);
    }
  }
}

/** The replica of the directory of one other node, which is the authority for its clients. */
export class RemoteDirectory {
  readonly namespaces = new Map<string, RemoteNamespace>();
  version = 0;
  digest = 0;
  count = 0;
  /** True once a snapshot is complete. */
  isComplete = false;
  private readonly listener: DirectoryListener;
  private readonly clock: Clock;
  /** Grows with each snapshot. */
  private generation = 0;
  private inSnapshot = false;

  constructor(listener: DirectoryListener, clock: Clock) {
    this.listener = listener;
    this.clock = clock;
  }

  /** The clients in `namespace`. */
  in(namespace: string): RemoteNamespace | undefined {
    return this.namespaces.get(namespace);
  }

  apply(namespace: string, delta: Delta): void {
    const { op, handle, version, at, tail } = delta;
    const client = this.namespaces.get(namespace)?.clients.get(handle);
    if (op === DeltaOp.detached || op === DeltaOp.disconnecting) {
      if (client === undefined) return;
      if (op === DeltaOp.detached) this.listener.detached(namespace, client);
      else this.listener.disconnecting(namespace, client, at);
      return;
    }
    this.version = Math.max(this.version, version);
    if (op === DeltaOp.removed) {
      if (client !== undefined) this.remove(namespace, client, tail.toString(), at);
    } else this.put(namespace, { handle, revision: version, info: tail }, CHANGES[op] ?? 'silent', at);
  }

  startSnapshot(): void {
    this.generation++;
    this.inSnapshot = true;
  }

  addSnapshotPart(namespace: string, part: Buffer): void {
    for (const entry of decodeEntries(part)) this.put(namespace, entry, 'metadata', this.clock.now());
  }

  /** Removes the clients that the snapshot did not contain. */
  endSnapshot(version: number): void {
    if (!this.inSnapshot) return;
    this.inSnapshot = false;
    this.isComplete = true;
    this.version = Math.max(this.version, version);
    this.removeEach((client) => client.generation < this.generation, 'Connection lost');
  }

  /** Applies the last activity and status of clients. */
  applyActivity(namespace: string, bytes: Buffer): void {
    const clients = this.namespaces.get(namespace)?.clients;
    let hasChanged = false;
    for (let pos = 0; pos + ACTIVITY_BYTES <= bytes.length; pos += ACTIVITY_BYTES) {
      const client = clients?.get(bytes.readUInt32BE(pos));
      const status = CLIENT_STATUSES[bytes[pos + 10] as number] as ClientStatus | undefined;
      if (client === undefined || status === undefined) continue;
      if (client.setActivity(bytes.readUIntBE(pos + 4, 6), status)) hasChanged = true;
    }
    if (hasChanged) this.listener.statusChanged(namespace);
  }

  /** The node is dead or has left: removes all its clients, some of them per tick. */
  clear(reason: string): void {
    this.inSnapshot = false;
    this.removeEach(() => true, reason);
  }

  /** True when `version` is that of this replica, and the digest differs all the same. */
  differs(version: number, digest: number, count: number): boolean {
    if (this.inSnapshot || !this.isComplete || version !== this.version) return false;
    return digest !== this.digest || count !== this.count;
  }

  private put(
    namespace: string,
    entry: { readonly handle: number; readonly revision: number; readonly info: Buffer },
    change: 'metadata' | 'groups' | 'silent',
    at: number,
  ): void {
    const { handle, revision, info } = entry;
    const place = this.namespaceOf(namespace);
    const known = place.clients.get(handle);
    if (known === undefined) {
      const client = new RemoteClient(handle, revision, this.generation, info);
      place.clients.set(handle, client);
      place.join(client);
      this.count++;
      this.digest ^= digestOf(handle, revision);
      this.listener.added(namespace, client);
      return;
    }
    known.generation = this.generation;
    if (known.revision >= revision) return;
    this.digest ^= digestOf(handle, known.revision) ^ digestOf(handle, revision);
    place.leave(known);
    known.update(revision, info);
    place.join(known);
    this.listener.changed(namespace, known, change, at);
  }

  private remove(namespace: string, client: RemoteClient, reason: string, at: number): void {
    const place = this.namespaceOf(namespace);
    if (!place.clients.delete(client.handle)) return;
    place.leave(client);
    if (place.clients.size === 0) this.namespaces.delete(namespace);
    this.count--;
    this.digest ^= digestOf(client.handle, client.revision);
    this.listener.removed(namespace, client, reason, at);
  }

  private removeEach(isStale: (client: RemoteClient) => boolean, reason: string): void {
    const stale: (readonly [string, RemoteClient])[] = [];
    for (const [namespace, { clients }] of this.namespaces) {
      for (const client of clients.values()) if (isStale(client)) stale.push([namespace, client]);
    }
    let at = 0;
    const proceed = (): void => {
      const end = Math.min(at + REMOVALS_PER_TICK, stale.length);
      for (; at < end; at++) {
        const [namespace, client] = stale[at] as readonly [string, RemoteClient];
        if (this.namespaces.get(namespace)?.clients.get(client.handle) !== client) continue;
        this.remove(namespace, client, reason, this.clock.now());
      }
      if (at < stale.length) this.clock.atTickEnd(proceed);
    };
    proceed();
  }

  private namespaceOf(namespace: string): RemoteNamespace {
    let place = this.namespaces.get(namespace);
    if (place === undefined) {
      place = new RemoteNamespace();
      this.namespaces.set(namespace, place);
    }
    return place;
  }
}

const CHANGES: Readonly<Record<number, 'metadata' | 'groups' | 'silent'>> = {
  [DeltaOp.metadata]: 'metadata',
  [DeltaOp.groups]: 'groups',
};

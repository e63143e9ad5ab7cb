import { CLIENT_STATUSES, type Client, type ClientChange, type Clock } from '../router/index.ts';
import { ACTIVITY_BYTES, DeltaOp, digestOf, encodeDelta, encodeEntryHead } from './delta.ts';

/** Bytes of a snapshot part, and clients examined per tick. */
const PART_BYTES = 64 * 1024;
const CLIENTS_PER_PART = 500;
/** The last activity of a client is published when it is older than this on other nodes. */
const ACTIVITY_AGE_MS = 20_000;
const EMPTY = Buffer.alloc(0);

const OP_OF_CHANGE: Readonly<Record<ClientChange, number>> = {
  metadata: DeltaOp.metadata,
  groups: DeltaOp.groups,
  silent: DeltaOp.silent,
};

/** The directory of this node's own clients, in all namespaces: versions, deltas and snapshots. */
export class LocalDirectory {
  version = 0;
  digest = 0;
  count = 0;
  private readonly clock: Clock;
  private lastHandle = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Adds a client that registered; returns the delta. */
  add(client: Client): Buffer {
    const handle = ++this.lastHandle;
    client.replica = { handle, revision: ++this.version, sentActivity: client.lastActivity, sentStatus: client.status };
    this.count++;
    this.digest ^= digestOf(handle, this.version);
    return this.encode(client, DeltaOp.registered, client.encodedInfo());
  }

  change(client: Client, change: ClientChange): Buffer | null {
    const { replica } = client;
    if (replica === null) return null;
    this.digest ^= digestOf(replica.handle, replica.revision) ^ digestOf(replica.handle, ++this.version);
    replica.revision = this.version;
    replica.sentStatus = client.status;
    replica.sentActivity = client.lastActivity;
    return this.encode(client, OP_OF_CHANGE[change], client.encodedInfo());
  }

  detach(client: Client): Buffer | null {
    return client.replica === null ? null : this.encode(client, DeltaOp.detached, EMPTY);
  }

  disconnecting(client: Client): Buffer | null {
    if (client.replica === null) return null;
    return this.encode(client, DeltaOp.disconnecting, EMPTY, client.lastActivity);
  }

  remove(client: Client, reason: string): Buffer | null {
    const { replica } = client;
    if (replica === null) return null;
    this.digest ^= digestOf(replica.handle, replica.revision);
    this.version++;
    this.count--;
    const delta = this.encode(client, DeltaOp.removed, Buffer.from(reason));
    client.replica = null;
    return delta;
  }

  private encode(client: Client, op: number, tail: Buffer, at = this.clock.now()): Buffer {
    return encodeDelta({ op, handle: client.replica?.handle ?? 0, version: this.version, at, tail });
  }
}

/** The next part of a snapshot; null at the end of the iterator. */
export function snapshotPart(clients: Iterator<Client>): Buffer | null {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (let seen = 0; seen < CLIENTS_PER_PART && bytes < PART_BYTES; seen++) {
    const next = clients.next();
    if (next.done === true) return seen === 0 ? null : Buffer.concat(chunks, bytes);
    const { replica } = next.value;
    if (replica === null) continue;
    // the bytes change when the client does
    const info = Buffer.from(next.value.encodedInfo());
    const head = encodeEntryHead({ handle: replica.handle, revision: replica.revision, info });
    chunks.push(head, info);
    bytes += head.length + info.length;
  }
  return Buffer.concat(chunks, bytes);
}

/** The activity of the next `count` clients, where it differs from the published one; null at the end of the iterator. */
export function activityPart(clients: Iterator<Client>, count: number): Buffer | null {
  const entries: Buffer[] = [];
  for (let seen = 0; seen < count; seen++) {
    const next = clients.next();
    if (next.done === true) return seen === 0 ? null : Buffer.concat(entries);
    const { replica, lastActivity, status } = next.value;
    if (replica === null) continue;
    if (status === replica.sentStatus && lastActivity - replica.sentActivity < ACTIVITY_AGE_MS) continue;
    replica.sentStatus = status;
    replica.sentActivity = lastActivity;
    const entry = Buffer.allocUnsafe(ACTIVITY_BYTES);
    entry.writeUInt32BE(replica.handle, 0);
    entry.writeUIntBE(lastActivity, 4, 6);
    entry[10] = CLIENT_STATUSES.indexOf(status);
    entries.push(entry);
  }
  return Buffer.concat(entries);
}

import { copyToArena, EncodedId, encode, encodeHead, encodeText, type Framing, MAJOR_MAP } from '../wire/index.ts';
import type { CloseReason } from './counters.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import type { EndStatus } from './interfaces.ts';

/** Listings contain `online` and `idle` only; the others occur while a client is being removed. */
export const CLIENT_STATUSES = ['online', 'idle', 'disconnecting', 'offline'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** The connection that clients register on. Its object identity authorizes clients, since ids are not secret. */
export interface RouterConnection {
  readonly clients: Set<Client>;
  /** For logs: address and port. */
  readonly remote: string;
  /** Header that indicates an HTTP proxy, so that several clients may share the connection; null without one. */
  readonly proxyHeader: string | null;
}

/** Queue of framed messages to one client. */
export interface DeliveryQueue {
  push(framed: Buffer): void;
  /** For messages to many receivers: the fan-out queue schedules their writes. */
  pushFanOut(framed: Buffer): void;
}

/** The p2p stream of a client, for deliveries from others. */
export interface ClientStream {
  client: Client | null;
  /** The framing of everything that is pushed to `inbox`. */
  readonly framing: Framing;
  readonly inbox: DeliveryQueue;
  /** Bytes of unsent messages. */
  readonly queuedBytes: number;
  /** Sends a message of the router itself. */
  send(message: Buffer): void;
  /** Ends the stream after everything queued has been written. */
  end(status: EndStatus, details: string): void;
}

/** The session of a client that outlives its connection: both sides count the messages of the p2p stream. */
export interface ClientSession {
  /** True while no stream is attached. */
  readonly isAway: boolean;
  /** Messages that the client has not acknowledged. */
  readonly keptMessages: number;
  /** Counts a message of the client. */
  countReceived(): void;
  /** Processes and answers a heartbeat with the count `received` (null without one); false if the count is impossible. */
  onHeartbeat(received: number | null): boolean;
}

/** The client that a request is addressed to, on this node or another. */
export interface Responder {
  readonly id: string;
  /** Unanswered requests to it; created on demand. */
  incomingRequests: Set<PendingRequest> | null;
}

/** A request that was delivered and is unanswered. */
export interface PendingRequest {
  readonly key: string;
  readonly requester: Client;
  readonly responder: Responder;
  /** The request's id as the requester encoded it. */
  readonly requestIdItem: Buffer;
  readonly cancelTimer: () => void;
}

/** Observes removals, for the status page. */
export interface ClientObserver {
  clientClosed(client: Client, reason: CloseReason): void;
}

/** A client as listings show it, on this node or another. */
export interface ListedClient {
  readonly id: string;
  readonly name: string | null;
  /** The id as a CBOR text item. */
  readonly idItem: Buffer;
  readonly status: ClientStatus;
  readonly groups: readonly string[];
  readonly metadata: Buffer;
  /** The ClientInfo map of PROTOCOL.md. */
  encodedInfo(): Buffer;
}

/** State of the replicas of a client on other nodes. */
export interface ReplicaRecord {
  /** Number of the client on this node, never used again. */
  readonly handle: number;
  /** Version of the directory in which the client changed last. */
  revision: number;
  sentActivity: number;
  sentStatus: ClientStatus;
}

/** The attributes that a client registers with. */
export interface ClientProfile {
  readonly name: string | null;
  readonly groups: readonly string[];
  /** The metadata map, byte for byte. */
  readonly metadata: Buffer;
}

/** A registered client. `removed` stays set, for callbacks that run later. */
export class Client implements ListedClient, Responder {
  readonly id: string;
  /** The id as a CBOR text item. */
  readonly idItem: Buffer;
  /** The connection of its registration, or of its last stream if a session allows another one. */
  connection: RouterConnection;
  /** Its authenticated principal, whose rights apply to all that it sends. */
  identity: Identity = ANONYMOUS;
  /** Position in the order of registration on this node; set by the registry. */
  sequence = 0;
  readonly name: string | null;
  private groupNames: readonly string[];
  /** Its session, if it asked for one that outlives the connection. */
  durable: ClientSession | null = null;
  /** Null without other nodes. */
  replica: ReplicaRecord | null = null;
  /** Milliseconds since the epoch, for display; timeouts use `lastReceivedMs`. */
  readonly connectedAt: number;
  lastActivity: number;
  /** Time of the last message, by the monotonic clock. */
  lastReceivedMs: number;
  status: ClientStatus = 'online';
  /** The attached p2p stream, if any. */
  stream: ClientStream | null = null;
  /** Start of the time without a stream, by the monotonic clock; meaningless while one is attached. */
  unboundSinceMs: number;
  removed = false;
  /** Unanswered requests of this client and to it; created on demand. */
  outgoingRequests: Map<string, PendingRequest> | null = null;
  incomingRequests: Set<PendingRequest> | null = null;
  private metadataBytes: Buffer;
  private known: EncodedId | null = null;
  private info: Buffer | null = null;
  private infoActivityAt = 0;

  constructor(id: string, connection: RouterConnection, profile: ClientProfile, now: number, monotonicMs: number) {
    this.id = id;
    this.idItem = copyToArena(encodeText(id));
    this.connection = connection;
    this.name = profile.name;
    this.groupNames = profile.groups;
    this.metadataBytes = copyToArena(profile.metadata);
    this.connectedAt = this.lastActivity = now;
    this.lastReceivedMs = this.unboundSinceMs = monotonicMs;
  }

  get groups(): readonly string[] {
    return this.groupNames;
  }

  /** Set only by the registry, which indexes the members of each group. */
  set groups(names: readonly string[]) {
    this.groupNames = names;
    this.info = null;
  }

  get metadata(): Buffer {
    return this.metadataBytes;
  }

  set metadata(bytes: Buffer) {
    this.metadataBytes = copyToArena(bytes);
    this.info = null;
  }

  /** The id for the scanner to compare with; created on demand, since many clients only receive. */
  get encodedId(): EncodedId {
    this.known ??= new EncodedId(this.idItem);
    return this.known;
  }

  /** True when `bytes[start..end)` is the text of this client's id. */
  hasId(bytes: Buffer, start: number, end: number): boolean {
    const { idItem } = this;
    // the text follows a head of two bytes, for ids of 24 to 255 bytes
    if (idItem.length - (end - start) !== 2) return false;
    for (let i = start, k = 2; i < end; i++, k++) if (bytes[i] !== idItem[k]) return false;
    return true;
  }

  setStatus(status: ClientStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.info = null;
  }

  /** Records that a message of this client has arrived. */
  recordActivity(now: number, monotonicMs: number): void {
    this.lastActivity = now;
    this.lastReceivedMs = monotonicMs;
    if (this.status !== 'online') this.setStatus('online');
  }

  /**
   * The ClientInfo map of PROTOCOL.md, encoded once and cached; only the time of the last activity, which has a fixed
   * width, is updated. The length of the result changes only with status or metadata.
   */
  encodedInfo(): Buffer {
    if (this.info === null) this.info = this.encodeInfo();
    this.info.writeUIntBE(Math.floor(this.lastActivity / 0x100000000), this.infoActivityAt, 4);
    this.info.writeUInt32BE(this.lastActivity >>> 0, this.infoActivityAt + 4);
    return this.info;
  }

  private encodeInfo(): Buffer {
    const before = Buffer.concat([
      encodeHead(MAJOR_MAP, INFO_KEYS),
      KEY.clientId,
      this.idItem,
      KEY.clientName,
      encode(this.name),
      KEY.connectedAt,
      encode(this.connectedAt),
      KEY.groups,
      encode(this.groups),
      KEY.lastActivity,
      UINT64_HEAD,
    ]);
    this.infoActivityAt = before.length;
    const status = encodeText(this.status);
    return copyToArena(Buffer.concat([before, Buffer.alloc(8), KEY.metadata, this.metadataBytes, KEY.status, status]));
  }
}

const INFO_KEYS = 7;
const UINT64_HEAD = Buffer.from([0x1b]);
const KEY = {
  clientId: encodeText('clientId'),
  clientName: encodeText('clientName'),
  connectedAt: encodeText('connectedAt'),
  groups: encodeText('groups'),
  lastActivity: encodeText('lastActivity'),
  metadata: encodeText('metadata'),
  status: encodeText('status'),
};

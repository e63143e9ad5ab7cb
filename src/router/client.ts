import { copyToArena, EncodedId, encode, encodeHead, encodeText } from '../wire/index.ts';
import type { RouterConnection } from './interfaces.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { Session } from './session.ts';

/** `disconnecting` and `offline` are seen only by those who watch a client go. */
export const CLIENT_STATUSES = ['online', 'idle', 'disconnecting', 'offline'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** What a client says of itself when it registers. */
export interface ClientProfile {
  readonly name: string | null;
  readonly groups: readonly string[];
  /** The metadata map, byte for byte. */
  readonly metadata: Buffer;
}

/** A registered client. Removed ones keep `removed` set, so that late callbacks can tell. */
export class Client {
  readonly id: string;
  /** The id as a CBOR text item; its text starts at `idTextStart`. */
  readonly idItem: Buffer;
  /** The connection that it registered on, or the one of its last stream where those may differ. */
  connection: RouterConnection;
  /** Proof by which it registered; compared, never shown. */
  credential = '';
  readonly name: string | null;
  readonly groups: readonly string[];
  /** For people, in milliseconds since the epoch; what depends on time goes by `lastReceivedMs`. */
  readonly connectedAt: number;
  lastActivity: number;
  /** When it last said something, by a clock that never jumps. */
  lastReceivedMs: number;
  status: ClientStatus = 'online';
  /** The open p2p stream that is bound to this client. */
  stream: Session | null = null;
  /** Since when there is no stream, by the same clock; meaningless while there is one. */
  unboundSinceMs: number;
  removed = false;
  /** Requests this client waits for, and those it was asked: made when first needed. */
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
    this.groups = profile.groups;
    this.metadataBytes = copyToArena(profile.metadata);
    this.connectedAt = this.lastActivity = now;
    this.lastReceivedMs = this.unboundSinceMs = monotonicMs;
  }

  get metadata(): Buffer {
    return this.metadataBytes;
  }

  set metadata(bytes: Buffer) {
    this.metadataBytes = copyToArena(bytes);
    this.info = null;
  }

  /** The id for the scanner to compare with; made when first needed, since many clients only listen. */
  get encodedId(): EncodedId {
    this.known ??= new EncodedId(this.idItem);
    return this.known;
  }

  setStatus(status: ClientStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.info = null;
  }

  /** Notes a message of this client. */
  recordActivity(now: number, monotonicMs: number): void {
    this.lastActivity = now;
    this.lastReceivedMs = monotonicMs;
    if (this.status !== 'online') this.setStatus('online');
  }

  /**
   * The ClientInfo map of PROTOCOL.md. It is encoded once and kept; only the time of the last activity, which has a fixed
   * width, is written anew. The length of the result does not change unless status or metadata do.
   */
  encodedInfo(): Buffer {
    if (this.info === null) this.info = this.encodeInfo();
    this.info.writeUIntBE(Math.floor(this.lastActivity / 0x100000000), this.infoActivityAt, 4);
    this.info.writeUInt32BE(this.lastActivity >>> 0, this.infoActivityAt + 4);
    return this.info;
  }

  private encodeInfo(): Buffer {
    const before = Buffer.concat([
      encodeHead(5, INFO_KEYS),
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

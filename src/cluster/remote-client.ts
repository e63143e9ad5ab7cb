import { CLIENT_STATUSES, type ClientStatus, type ListedClient } from '../router/index.ts';
import { copyToArena, decodeValue, EMPTY_MAP, encodeText, findValue } from '../wire/index.ts';

const KEY = {
  clientId: Buffer.from('clientId'),
  clientName: Buffer.from('clientName'),
  groups: Buffer.from('groups'),
  lastActivity: Buffer.from('lastActivity'),
  metadata: Buffer.from('metadata'),
  status: Buffer.from('status'),
};
const NO_GROUPS: readonly string[] = [];
/** Head of the status and of the largest integer. */
const UINT64_HEAD_BYTES = 1;

/** The replica of a client of another node. All but the groups is derived from its ClientInfo, to save memory. */
export class RemoteClient implements ListedClient {
  readonly handle: number;
  revision: number;
  /** The last snapshot that contained it. */
  generation: number;
  groups: readonly string[] = NO_GROUPS;
  private info: Buffer;

  constructor(handle: number, revision: number, generation: number, info: Buffer) {
    this.handle = handle;
    this.revision = revision;
    this.generation = generation;
    this.info = copyToArena(info);
    this.groups = groupsOf(this.info);
  }

  get id(): string {
    return textOf(this.info, KEY.clientId) ?? '';
  }

  get idItem(): Buffer {
    return itemOf(this.info, KEY.clientId) ?? encodeText('');
  }

  get name(): string | null {
    return textOf(this.info, KEY.clientName);
  }

  get status(): ClientStatus {
    const text = textOf(this.info, KEY.status);
    return CLIENT_STATUSES.find((status) => status === text) ?? 'online';
  }

  get metadata(): Buffer {
    return itemOf(this.info, KEY.metadata) ?? EMPTY_MAP;
  }

  encodedInfo(): Buffer {
    return this.info;
  }

  /** Replaces all attributes that the other node may have changed. */
  update(revision: number, info: Buffer): void {
    this.revision = revision;
    this.info = copyToArena(info);
    this.groups = groupsOf(this.info);
  }

  /** Sets the last activity and the status; true if the status has changed. */
  setActivity(lastActivity: number, status: ClientStatus): boolean {
    const at = itemOf(this.info, KEY.lastActivity);
    if (at !== null && at.length === UINT64_HEAD_BYTES + 8) at.writeUIntBE(lastActivity, UINT64_HEAD_BYTES + 2, 6);
    const item = itemOf(this.info, KEY.status);
    if (item === null || this.status === status) return false;
    // the status is the last entry
    const before = this.info.subarray(0, item.byteOffset - this.info.byteOffset);
    this.info = copyToArena(Buffer.concat([before, encodeText(status)]));
    return true;
  }
}

function itemOf(info: Buffer, key: Buffer): Buffer | null {
  return findValue(info, 0, info.length, key);
}

function textOf(info: Buffer, key: Buffer): string | null {
  const item = itemOf(info, key);
  const value = item === null ? undefined : decodeValue(item);
  return typeof value === 'string' ? value : null;
}

/** Group lists by their encoding: most clients share one of a few. */
const interned = new Map<string, readonly string[]>();
const MAX_INTERNED = 4096;

function groupsOf(info: Buffer): readonly string[] {
  const item = itemOf(info, KEY.groups);
  if (item === null || item.length <= 1) return NO_GROUPS;
  const key = item.toString('latin1');
  const known = interned.get(key);
  if (known !== undefined) return known;
  const value = decodeValue(item);
  const groups = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : NO_GROUPS;
  if (interned.size >= MAX_INTERNED) interned.clear();
  interned.set(key, groups);
  return groups;
}

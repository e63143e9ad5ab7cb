/**
 * Changes of a directory between two nodes.
 *
 *     delta:          op u8, handle u32, version u48, time u48, tail: the ClientInfo map, or the reason of a removal
 *     snapshot part:  entries of length u32, handle u32, revision u48, ClientInfo map
 *     activity:       entries of handle u32, last activity u48, status u8
 */

export const DeltaOp = {
  registered: 1,
  metadata: 2,
  groups: 3,
  /** A change without an event. */
  silent: 4,
  /** The stream is closed. */
  detached: 5,
  /** The stream is closed, and subscribers are to be notified. */
  disconnecting: 6,
  removed: 7,
} as const;

export interface Delta {
  readonly op: number;
  readonly handle: number;
  readonly version: number;
  /** Milliseconds since the epoch: of the change, for `disconnecting` of the last activity. */
  readonly at: number;
  readonly tail: Buffer;
}

const DELTA_HEAD_BYTES = 17;
const ENTRY_HEAD_BYTES = 14;
export const ACTIVITY_BYTES = 11;

export function encodeDelta({ op, handle, version, at, tail }: Delta): Buffer {
  const bytes = Buffer.allocUnsafe(DELTA_HEAD_BYTES + tail.length);
  bytes[0] = op;
  bytes.writeUInt32BE(handle, 1);
  bytes.writeUIntBE(version, 5, 6);
  bytes.writeUIntBE(at, 11, 6);
  tail.copy(bytes, DELTA_HEAD_BYTES);
  return bytes;
}

export function decodeDelta(bytes: Buffer): Delta | null {
  if (bytes.length < DELTA_HEAD_BYTES) return null;
  return {
    op: bytes[0] as number,
    handle: bytes.readUInt32BE(1),
    version: bytes.readUIntBE(5, 6),
    at: bytes.readUIntBE(11, 6),
    tail: bytes.subarray(DELTA_HEAD_BYTES),
  };
}

/** A client in a snapshot. */
export interface SnapshotEntry {
  readonly handle: number;
  readonly revision: number;
  readonly info: Buffer;
}

export function encodeEntryHead({ handle, revision, info }: SnapshotEntry): Buffer {
  const head = Buffer.allocUnsafe(ENTRY_HEAD_BYTES);
  head.writeUInt32BE(info.length, 0);
  head.writeUInt32BE(handle, 4);
  head.writeUIntBE(revision, 8, 6);
  return head;
}

export function* decodeEntries(bytes: Buffer): Generator<SnapshotEntry> {
  for (let pos = 0; pos + ENTRY_HEAD_BYTES <= bytes.length; ) {
    const start = pos + ENTRY_HEAD_BYTES;
    const end = start + bytes.readUInt32BE(pos);
    if (end > bytes.length) return;
    yield {
      handle: bytes.readUInt32BE(pos + 4),
      revision: bytes.readUIntBE(pos + 8, 6),
      info: bytes.subarray(start, end),
    };
    pos = end;
  }
}

/** Contribution of a client to the digest of its directory, which is the XOR of all. */
export function digestOf(handle: number, revision: number): number {
  let hash = Math.imul(handle ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(revision | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

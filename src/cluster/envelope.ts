import { PREFIX_BYTES, writePrefix } from '../wire/index.ts';

/**
 * An envelope is one carrier message between two nodes: a header, then frames. All numbers are big-endian.
 *
 *     header: version u8, flags u8, reserved u16, sender's tag u32, epoch u32, sequence u48, acknowledged epoch u32, acknowledged sequence u48
 *     frame:  kind u8, length of the namespace u8, length of the name u16, length of the body u32, namespace, name, body
 *
 * The body of a message is framed twice, as it goes to a stream: receivers slice it and copy nothing.
 */

/** The newest format of envelopes, and the oldest that is understood. */
export const ENVELOPE_VERSION = 1;
export const OLDEST_VERSION = 1;

export const HEADER_BYTES = 28;
export const FRAME_HEAD_BYTES = 8;
/** Both gRPC prefixes of a message. */
const PREFIXES_BYTES = 2 * PREFIX_BYTES;

export const Flag = {
  /** The envelope has a sequence number and frames. Without it, it only acknowledges. */
  data: 1,
  /** The acknowledged sequence is missing at the receiver, which waits for it. */
  want: 2,
} as const;

/** Kinds of frames. Unknown kinds are skipped by their length. */
export const FrameKind = {
  unicast: 1,
  multicast: 2,
  broadcast: 3,
  request: 4,
  response: 5,
  /** A unicast or request was not delivered. Name: the sender; body: see `Refusal`. */
  refusal: 6,
  /** A change of one client. */
  delta: 7,
  snapshotBegin: 8,
  snapshotPart: 9,
  snapshotEnd: 10,
  /** Part of a frame that is larger than an envelope; the name is empty except in the last part. */
  fragment: 11,
  /** Last activity and status of several clients. */
  activity: 12,
  /** Requests a snapshot. */
  resync: 13,
  /** The operator disconnects a client. Name: its id; body: the reason, or empty. */
  disconnect: 14,
} as const;

/** The header of a received envelope. One instance is reused. */
export class EnvelopeHeader {
  version = 0;
  flags = 0;
  tag = 0;
  epoch = 0;
  sequence = 0;
  acknowledgedEpoch = 0;
  acknowledged = 0;

  /** False when `bytes` is too short, or of a version that is not understood. */
  read(bytes: Buffer): boolean {
    if (bytes.length < HEADER_BYTES) return false;
    this.version = bytes[0] as number;
    if (this.version < OLDEST_VERSION || this.version > ENVELOPE_VERSION) return false;
    this.flags = bytes[1] as number;
    this.tag = bytes.readUInt32BE(4);
    this.epoch = bytes.readUInt32BE(8);
    this.sequence = bytes.readUIntBE(12, 6);
    this.acknowledgedEpoch = bytes.readUInt32BE(18);
    this.acknowledged = bytes.readUIntBE(22, 6);
    return true;
  }
}

/** Writes the part of the header that acknowledges the envelopes of the other side. */
export function writeAcknowledgement(header: Buffer, epoch: number, sequence: number): void {
  header.writeUInt32BE(epoch, 18);
  header.writeUIntBE(sequence, 22, 6);
}

/** Writes the rest of the header. */
export function writeHeader(header: Buffer, flags: number, tag: number, epoch: number, sequence: number): void {
  header[0] = ENVELOPE_VERSION;
  header[1] = flags;
  header[2] = header[3] = 0;
  header.writeUInt32BE(tag, 4);
  header.writeUInt32BE(epoch, 8);
  header.writeUIntBE(sequence, 12, 6);
}

/** A frame in `bytes`. One instance is reused while an envelope is read. */
export class FrameReader {
  bytes: Buffer = Buffer.alloc(0);
  kind = 0;
  namespaceStart = 0;
  nameStart = 0;
  bodyStart = 0;
  end = 0;

  /** Reads the frame at `pos`; false at the end of the envelope, or when the rest is no frame. */
  read(bytes: Buffer, pos: number): boolean {
    if (pos + FRAME_HEAD_BYTES > bytes.length) return false;
    this.bytes = bytes;
    this.kind = bytes[pos] as number;
    this.namespaceStart = pos + FRAME_HEAD_BYTES;
    this.nameStart = this.namespaceStart + (bytes[pos + 1] as number);
    this.bodyStart = this.nameStart + bytes.readUInt16BE(pos + 2);
    this.end = this.bodyStart + bytes.readUInt32BE(pos + 4);
    return this.end <= bytes.length;
  }

  get namespace(): string {
    return this.nameStart === this.namespaceStart
      ? ''
      : this.bytes.toString('utf8', this.namespaceStart, this.nameStart);
  }

  get name(): string {
    return this.bytes.toString('utf8', this.nameStart, this.bodyStart);
  }

  get body(): Buffer {
    return this.bytes.subarray(this.bodyStart, this.end);
  }

  /** Start of the CBOR bytes of a message, after both prefixes. */
  get messageStart(): number {
    return this.bodyStart + PREFIXES_BYTES;
  }
}

/** A frame to be written: `name` and `body` are `[start..end)` of their buffers. */
export interface OutgoingFrame {
  readonly kind: number;
  readonly namespace: Buffer;
  readonly name: Buffer;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly body: Buffer;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Whether both gRPC prefixes are written before the body. */
  readonly isMessage: boolean;
}

/** A frame that is no message. */
export function controlFrame(kind: number, namespace: Buffer, name: Buffer, body: Buffer): OutgoingFrame {
  return {
    kind,
    namespace,
    name,
    nameStart: 0,
    nameEnd: name.length,
    body,
    bodyStart: 0,
    bodyEnd: body.length,
    isMessage: false,
  };
}

/** Length of the frame without its body. */
export function frameHeadBytes(frame: OutgoingFrame): number {
  const prefixes = frame.isMessage ? PREFIXES_BYTES : 0;
  return FRAME_HEAD_BYTES + frame.namespace.length + frame.nameEnd - frame.nameStart + prefixes;
}

/** Writes everything of the frame but its body at `pos` of `target`; returns the end. */
export function writeFrameHead(target: Buffer, pos: number, frame: OutgoingFrame): number {
  const bodyBytes = frame.bodyEnd - frame.bodyStart;
  const nameBytes = frame.nameEnd - frame.nameStart;
  target[pos] = frame.kind;
  target[pos + 1] = frame.namespace.length;
  target.writeUInt16BE(nameBytes, pos + 2);
  target.writeUInt32BE(bodyBytes + (frame.isMessage ? PREFIXES_BYTES : 0), pos + 4);
  let at = pos + FRAME_HEAD_BYTES;
  if (frame.namespace.length > 0) at += frame.namespace.copy(target, at);
  at += frame.name.copy(target, at, frame.nameStart, frame.nameEnd);
  if (!frame.isMessage) return at;
  writePrefix(target, at, bodyBytes + PREFIX_BYTES);
  writePrefix(target, at + PREFIX_BYTES, bodyBytes);
  return at + PREFIXES_BYTES;
}

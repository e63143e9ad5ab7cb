import { Flag, FRAME_HEADER_BYTES } from '../../http2/index.ts';

/** Replaces `:authority` in HTTP/2 frames (RFC 9113, RFC 7541) before node:http2 reads them. */

export interface FrameHeader {
  readonly type: number;
  readonly flags: number;
  /** Header of a frame and the positions of its payload. */
  readonly start: number;
  readonly end: number;
}

/** The header of the frame at `pos`, or null while it is incomplete. */
export function frameAt(bytes: Buffer, pos: number): FrameHeader | null {
  if (bytes.length - pos < FRAME_HEADER_BYTES) return null;
  const start = pos + FRAME_HEADER_BYTES;
  return {
    type: bytes[pos + 3] as number,
    flags: bytes[pos + 4] as number,
    start,
    end: start + bytes.readUIntBE(pos, 3),
  };
}

/** The range of the header block in a HEADERS frame; null if it continues in CONTINUATION frames or is malformed. */
function headerBlock(bytes: Buffer, frame: FrameHeader): { start: number; end: number } | null {
  if ((frame.flags & Flag.endHeaders) === 0) return null;
  let { start, end } = frame;
  if ((frame.flags & Flag.padded) !== 0) end -= bytes[start++] ?? 0;
  if ((frame.flags & Flag.priority) !== 0) start += 5;
  return start <= end ? { start, end } : null;
}

/** The range of an `:authority` field in a header block, and the start of its value string (-1: from a table). */
interface AuthorityField {
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

const AUTHORITY_INDEX = 1; // of HPACK's static table, where its value is empty
const AUTHORITY_NAMES = [
  Buffer.concat([Buffer.from([10]), Buffer.from(':authority')]),
  // the same name Huffman-coded
  Buffer.from([0x88, 0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f]),
];

/** Reads an HPACK integer with a prefix of `bits` bits; null when it runs out of bounds. */
function readInteger(bytes: Buffer, pos: number, end: number, bits: number): { value: number; next: number } | null {
  if (pos >= end) return null;
  const mask = (1 << bits) - 1;
  let value = (bytes[pos] as number) & mask;
  let next = pos + 1;
  if (value < mask) return { value, next };
  for (let shift = 0; shift < 28; shift += 7) {
    if (next >= end) return null;
    const byte = bytes[next++] as number;
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next };
  }
  return null;
}

function skipString(bytes: Buffer, pos: number, end: number): number {
  const length = readInteger(bytes, pos, end, 7);
  const next = length === null ? -1 : length.next + length.value;
  return next > end ? -1 : next;
}

/** Finds `:authority` by skipping from field to field, without Huffman decoding; null if there is none. */
function findAuthority(bytes: Buffer, start: number, end: number): AuthorityField | null {
  let pos = start;
  while (pos < end) {
    const first = bytes[pos] as number;
    if (first >= 0x80 || (first & 0xe0) === 0x20) {
      // an indexed field, or a change of the table's size
      const integer = readInteger(bytes, pos, end, first >= 0x80 ? 7 : 5);
      if (integer === null) return null;
      if (first === (0x80 | AUTHORITY_INDEX)) return { start: pos, valueStart: -1, end: integer.next };
      pos = integer.next;
      continue;
    }
    const index = readInteger(bytes, pos, end, first >= 0x40 ? 6 : 4);
    if (index === null) return null;
    const valueStart = index.value === 0 ? skipString(bytes, index.next, end) : index.next;
    const next = valueStart < 0 ? -1 : skipString(bytes, valueStart, end);
    if (next < 0) return null;
    const named = index.value === 0 && AUTHORITY_NAMES.some((name) => bytes.indexOf(name, index.next) === index.next);
    if (index.value === AUTHORITY_INDEX || named) {
      return { start: pos, valueStart, end: next };
    }
    pos = next;
  }
  return null;
}

/** The position after the dynamic table size updates that a block may start with. */
function skipSizeUpdates(bytes: Buffer, start: number, end: number): number {
  let pos = start;
  while (pos < end && ((bytes[pos] as number) & 0xe0) === 0x20) pos = readInteger(bytes, pos, end, 5)?.next ?? end;
  return pos;
}

/** Replaces `:authority` in the requests of a connection by its own (1 to 126 ASCII characters). */
export class AuthorityWriter {
  private readonly value: Buffer;
  /** An earlier request had an `:authority`. Later ones may refer to it in the dynamic table, where it was replaced too. */
  private sawAuthority = false;

  constructor(authority: string) {
    this.value = Buffer.concat([Buffer.from([authority.length]), Buffer.from(authority, 'latin1')]);
  }

  /** The HEADERS frame at `pos` with `:authority` replaced or added; unchanged if its header block is not complete. */
  write(bytes: Buffer, pos: number, frame: FrameHeader): Buffer {
    const block = headerBlock(bytes, frame);
    if (block === null) return bytes.subarray(pos, frame.end);
    const field = findAuthority(bytes, block.start, block.end);
    this.sawAuthority ||= field !== null;
    if (field === null) {
      const at = skipSizeUpdates(bytes, block.start, block.end);
      const isRequest = !this.sawAuthority && at < block.end && isPseudoHeader(bytes, at);
      return isRequest ? this.spliced(bytes, pos, frame, at, at, AUTHORITY_NAME) : bytes.subarray(pos, frame.end);
    }
    const name = field.valueStart < 0 ? AUTHORITY_NAME : bytes.subarray(field.start, field.valueStart);
    return this.spliced(bytes, pos, frame, field.start, field.end, name);
  }

  private spliced(bytes: Buffer, pos: number, frame: FrameHeader, from: number, to: number, name: Buffer): Buffer {
    const patched = Buffer.concat([bytes.subarray(pos, from), name, this.value, bytes.subarray(to, frame.end)]);
    patched.writeUIntBE(patched.length - FRAME_HEADER_BYTES, 0, 3);
    return patched;
  }
}

/** `:authority` as a literal without indexing, without its value. */
const AUTHORITY_NAME = Buffer.from([AUTHORITY_INDEX]);
/** Indexes of `:method`, `:path` and `:scheme` in the static table. */
const FIRST_PSEUDO = 2;
const LAST_PSEUDO = 7;

/** True if the field at `pos` is a pseudo-header: requests start with one, trailers do not. */
function isPseudoHeader(bytes: Buffer, pos: number): boolean {
  const first = bytes[pos] as number;
  const bits = first >= 0x80 ? 7 : first >= 0x40 ? 6 : 4;
  const index = first & ((1 << bits) - 1);
  if (index === 0) return isColon(bytes, pos + 1);
  return index >= FIRST_PSEUDO && index <= LAST_PSEUDO;
}

/** True if the string at `pos` starts with a colon, plain or Huffman-coded (its code has seven bits). */
function isColon(bytes: Buffer, pos: number): boolean {
  const first = bytes[pos + 1] ?? 0;
  return (bytes[pos] as number) >= 0x80 ? first >> 1 === 0x5c : first === 0x3a;
}

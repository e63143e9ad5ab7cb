import { Flag, FRAME_HEAD_BYTES, FrameType, settingsFrame } from '../../http2/index.ts';

/** The little of HTTP/2 (RFC 9113) and HPACK (RFC 7541) that is read before a connection is handed to node:http2. */

/** An empty SETTINGS frame: all defaults. */
export const EMPTY_SETTINGS = settingsFrame([]);

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  /** Where the frame's payload starts and the frame ends. */
  readonly start: number;
  readonly end: number;
}

/** The head of the frame at `pos`, or null while it is not all there. */
export function frameAt(bytes: Buffer, pos: number): FrameHead | null {
  if (bytes.length - pos < FRAME_HEAD_BYTES) return null;
  const start = pos + FRAME_HEAD_BYTES;
  return {
    type: bytes[pos + 3] as number,
    flags: bytes[pos + 4] as number,
    start,
    end: start + bytes.readUIntBE(pos, 3),
  };
}

export function isSettingsAck(frame: FrameHead): boolean {
  return frame.type === FrameType.settings && (frame.flags & Flag.ack) !== 0;
}

/** Where the header block fragment of a HEADERS frame lies; null for one that is split or makes no sense. */
function headerBlock(bytes: Buffer, frame: FrameHead): { start: number; end: number } | null {
  if ((frame.flags & Flag.endHeaders) === 0) return null;
  let { start, end } = frame;
  if ((frame.flags & Flag.padded) !== 0) end -= bytes[start++] ?? 0;
  if ((frame.flags & Flag.priority) !== 0) start += 5;
  return start <= end ? { start, end } : null;
}

/** An `:authority` field in a header block: its whole representation, and where its value string starts (-1: from a table). */
interface AuthorityField {
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  readonly empty: boolean;
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

function behindString(bytes: Buffer, pos: number, end: number): number {
  const length = readInteger(bytes, pos, end, 7);
  const behind = length === null ? -1 : length.next + length.value;
  return behind > end ? -1 : behind;
}

/** Finds `:authority` in the block by walking its fields; nothing is Huffman-decoded. Null when it is not there. */
function findAuthority(bytes: Buffer, start: number, end: number): AuthorityField | null {
  let pos = start;
  while (pos < end) {
    const first = bytes[pos] as number;
    if (first >= 0x80 || (first & 0xe0) === 0x20) {
      // an indexed field, or a change of the table's size
      const integer = readInteger(bytes, pos, end, first >= 0x80 ? 7 : 5);
      if (integer === null) return null;
      if (first === (0x80 | AUTHORITY_INDEX)) return { start: pos, valueStart: -1, end: integer.next, empty: true };
      pos = integer.next;
      continue;
    }
    const index = readInteger(bytes, pos, end, first >= 0x40 ? 6 : 4);
    if (index === null) return null;
    const valueStart = index.value === 0 ? behindString(bytes, index.next, end) : index.next;
    const behind = valueStart < 0 ? -1 : behindString(bytes, valueStart, end);
    if (behind < 0) return null;
    const named = index.value === 0 && AUTHORITY_NAMES.some((name) => bytes.indexOf(name, index.next) === index.next);
    if (index.value === AUTHORITY_INDEX || named) {
      return { start: pos, valueStart, end: behind, empty: ((bytes[valueStart] as number) & 0x7f) === 0 };
    }
    pos = behind;
  }
  return null;
}

/** True when the HEADERS frame has an `:authority` that is the empty string. */
export function hasEmptyAuthority(bytes: Buffer, frame: FrameHead): boolean {
  const block = headerBlock(bytes, frame);
  return block !== null && findAuthority(bytes, block.start, block.end)?.empty === true;
}

/**
 * The HEADERS frame at `pos` with `authority` (1 to 126 ASCII characters) in place of its `:authority`; the frame as it
 * was when it has none of its own.
 */
export function withAuthority(bytes: Buffer, pos: number, frame: FrameHead, authority: string): Buffer {
  const whole = bytes.subarray(pos, frame.end);
  const block = headerBlock(bytes, frame);
  const field = block === null ? null : findAuthority(bytes, block.start, block.end);
  if (field === null) return whole;
  const value = Buffer.concat([Buffer.from([authority.length]), Buffer.from(authority, 'latin1')]);
  const name = field.valueStart < 0 ? Buffer.from([AUTHORITY_INDEX]) : bytes.subarray(field.start, field.valueStart);
  const patched = Buffer.concat([bytes.subarray(pos, field.start), name, value, bytes.subarray(field.end, frame.end)]);
  patched.writeUIntBE(patched.length - FRAME_HEAD_BYTES, 0, 3);
  return patched;
}

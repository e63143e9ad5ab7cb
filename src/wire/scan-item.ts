import { isUtf8 } from 'node:buffer';

/**
 * Walks CBOR items (RFC 8949) without decoding them, and checks on the way that the Dart reader can read them.
 * Functions return the position behind the item, or one of the negative codes below.
 */

/** Not CBOR: it ends early, has a reserved head, or holds invalid UTF-8. */
export const MALFORMED = -1;
/** CBOR that the Dart reader throws on: float16/32, indefinite strings, undefined, integers beyond int64, bignums. */
export const UNREADABLE = -2;

/** Deepest nesting accepted. Each level costs a stack frame here and in every reader. */
export const MAX_DEPTH = 128;

/** Below this many bytes a loop in JavaScript beats the call into the native check. */
const NATIVE_UTF8_FROM_BYTES = 96;

/** True when `bytes[start..end)` is valid UTF-8: the Dart reader throws on anything else. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < NATIVE_UTF8_FROM_BYTES) {
    let i = start;
    while (i < end && (bytes[i] as number) < 0x80) i++;
    if (i === end) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

/** Bytes that a head takes besides the initial byte, for additional information 24..27. */
function argumentBytes(info: number): number {
  return 1 << (info - 24);
}

/** The length or count of a head whose additional information is `info`, read at `pos`; MALFORMED beyond 2^32. */
export function readLength(bytes: Buffer, pos: number, end: number, info: number): number {
  if (info < 24) return info;
  if (info > 27 || pos + argumentBytes(info) > end) return MALFORMED;
  if (info === 24) return bytes[pos] as number;
  if (info === 25) return ((bytes[pos] as number) << 8) | (bytes[pos + 1] as number);
  if (info === 26) return readUint32(bytes, pos);
  return readUint32(bytes, pos) === 0 ? readUint32(bytes, pos + 4) : MALFORMED;
}

function readUint32(bytes: Buffer, pos: number): number {
  return (
    (((bytes[pos] as number) << 24) |
      ((bytes[pos + 1] as number) << 16) |
      ((bytes[pos + 2] as number) << 8) |
      (bytes[pos + 3] as number)) >>>
    0
  );
}

/** Position behind a head with `info` whose initial byte ends at `pos`. */
export function behindHead(pos: number, info: number): number {
  return info < 24 ? pos : pos + argumentBytes(info);
}

/** Skips the one item at `pos`; see the codes above. `depth` is the nesting level it stands at. */
export function skipItem(bytes: Buffer, pos: number, end: number, depth: number): number {
  if (pos >= end || depth > MAX_DEPTH) return MALFORMED;
  const initial = bytes[pos] as number;
  const info = initial & 31;
  switch (initial >> 5) {
    case 0:
    case 1:
      return skipInteger(bytes, pos + 1, end, info);
    case 2:
    case 3:
      return skipString(bytes, pos + 1, end, initial);
    case 4:
      return skipItems(bytes, pos + 1, end, info, 1, depth);
    case 5:
      return skipItems(bytes, pos + 1, end, info, 2, depth);
    case 6:
      return skipTag(bytes, pos + 1, end, info, depth);
    default:
      return skipSimple(pos + 1, end, info);
  }
}

function skipInteger(bytes: Buffer, pos: number, end: number, info: number): number {
  if (info < 24) return pos;
  if (info > 27) return MALFORMED;
  const behind = pos + argumentBytes(info);
  if (behind > end) return MALFORMED;
  // an 8-byte argument with the top bit set is beyond int64, for both signs
  return info === 27 && (bytes[pos] as number) > 0x7f ? UNREADABLE : behind;
}

function skipString(bytes: Buffer, pos: number, end: number, initial: number): number {
  const info = initial & 31;
  if (info === 31) return UNREADABLE;
  const length = readLength(bytes, pos, end, info);
  if (length < 0) return length;
  const start = behindHead(pos, info);
  const behind = start + length;
  if (behind > end) return MALFORMED;
  return initial >> 5 === 2 || isText(bytes, start, behind) ? behind : MALFORMED;
}

function skipItems(bytes: Buffer, pos: number, end: number, info: number, perEntry: number, depth: number): number {
  if (info === 31) return skipUntilBreak(bytes, pos, end, perEntry, depth);
  const count = readLength(bytes, pos, end, info);
  if (count < 0) return count;
  let at = behindHead(pos, info);
  // every item takes a byte at least: a count that the input cannot hold is refused before it is walked
  if (count * perEntry > end - at) return MALFORMED;
  for (let left = count * perEntry; left > 0; left--) {
    at = skipItem(bytes, at, end, depth + 1);
    if (at < 0) return at;
  }
  return at;
}

function skipUntilBreak(bytes: Buffer, pos: number, end: number, perEntry: number, depth: number): number {
  let at = pos;
  while (at < end && bytes[at] !== 0xff) {
    for (let i = 0; i < perEntry; i++) {
      at = skipItem(bytes, at, end, depth + 1);
      if (at < 0) return at;
    }
  }
  return at < end ? at + 1 : MALFORMED;
}

function skipTag(bytes: Buffer, pos: number, end: number, info: number, depth: number): number {
  if (info > 27 || behindHead(pos, info) > end) return MALFORMED;
  if (info < 24 && (info === 2 || info === 3)) return UNREADABLE; // bignums
  if (info >= 24 && isBignumTag(bytes, pos, info)) return UNREADABLE;
  return skipItem(bytes, behindHead(pos, info), end, depth + 1);
}

/** Tags 2 and 3 in one of the longer forms. */
function isBignumTag(bytes: Buffer, pos: number, info: number): boolean {
  const last = pos + argumentBytes(info) - 1;
  const low = bytes[last] as number;
  if (low !== 2 && low !== 3) return false;
  for (let i = pos; i < last; i++) if (bytes[i] !== 0) return false;
  return true;
}

function skipSimple(pos: number, end: number, info: number): number {
  if (info === 27) return pos + 8 <= end ? pos + 8 : MALFORMED;
  if (info >= 20 && info <= 22) return pos; // false, true, null
  if (info >= 28) return MALFORMED; // reserved, or a break where none belongs
  return UNREADABLE; // undefined, other simple values, float16, float32
}

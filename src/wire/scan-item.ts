import { isUtf8 } from 'node:buffer';

/**
 * Skips CBOR items (RFC 8949) without decoding them and checks that the Dart decoder accepts them. Functions return the end
 * position of the item or one of the negative codes below. Not reentrant: the current buffer is module state.
 */

/** Invalid CBOR: truncated, a reserved head, or invalid UTF-8. */
export const MALFORMED = -1;
/** Valid CBOR rejected by the Dart decoder: float16/32, indefinite strings, undefined, integers beyond int64, bignums. */
export const UNREADABLE = -2;

/** Maximum nesting depth: each level costs a stack frame in every decoder. */
export const MAX_DEPTH = 128;

/** Minimum length for which the native UTF-8 check is faster. */
const NATIVE_UTF8_FROM_BYTES = 512;

/**
 * View of the ArrayBuffer itemEnd the current buffer, for comparing 32-bit words: texts and ids are most of a message, and
 * comparing bytes would dominate the cost. Messages of one read usually share the ArrayBuffer.
 */
let words: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
let memory: ArrayBufferLike = words.buffer;
/** Offset of the current buffer in it. */
let origin = 0;

/** Sets the current buffer. Required before the `…Unchecked` functions, `int32At` and `matchesAt`. */
export function setBuffer(bytes: Buffer): void {
  const { buffer } = bytes;
  if (buffer !== memory) {
    memory = buffer;
    words = new DataView(buffer);
  }
  origin = bytes.byteOffset;
}

/** The 32-bit big-endian word at `pos` of the current buffer. */
export function int32At(pos: number): number {
  return words.getInt32(origin + pos);
}

/** An encoded id, stored as 32-bit words for fast comparison; the last word overlaps the one before it. */
export class EncodedId {
  readonly length: number;
  /** Offset of the text within the item. */
  readonly textStart: number;
  private readonly words: Int32Array;

  /** `item`: an encoded text of at least four bytes, head included. */
  constructor(item: Buffer) {
    this.length = item.length;
    this.textStart = headEnd(1, (item[0] as number) & 31);
    this.words = new Int32Array(Math.ceil(item.length / 4));
    for (let i = 0; i < this.words.length; i++) this.words[i] = item.readInt32BE(Math.min(4 * i, item.length - 4));
  }

  /** True if the current buffer, which ends at `end`, contains this item at `pos`. */
  matchesAt(pos: number, end: number): boolean {
    if (pos + this.length > end) return false;
    const { words: own } = this;
    const at = origin + pos;
    const last = own.length - 1;
    // ids differ most often at the end
    if (words.getInt32(at + this.length - 4) !== own[last]) return false;
    for (let i = 0; i < last; i++) if (words.getInt32(at + 4 * i) !== own[i]) return false;
    return true;
  }
}

const TOP_BITS = 0x80808080 | 0;

/** True if `bytes[start..end)` of the current buffer is ASCII. */
function isAscii(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 4) {
    let bits = 0;
    for (let i = start; i < end; i++) bits |= bytes[i] as number;
    return bits < 0x80;
  }
  const last = origin + end - 4;
  let bits = words.getInt32(last);
  for (let i = origin + start; i < last; i += 4) bits |= words.getInt32(i);
  return (bits & TOP_BITS) === 0;
}

/** True if `bytes[start..end)` is valid UTF-8, which the Dart decoder requires. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  setBuffer(bytes);
  return isTextUnchecked(bytes, start, end);
}

/** `isText` for the current buffer. */
export function isTextUnchecked(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < NATIVE_UTF8_FROM_BYTES && isAscii(bytes, start, end)) return true;
  return isUtf8(bytes.subarray(start, end));
}

/** Number of argument bytes after the initial byte, for additional information 24..27. */
function argumentBytes(info: number): number {
  return 1 << (info - 24);
}

/** Reads the length or count of a head with additional information `info` at `pos`; MALFORMED beyond 2^32. */
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

/** End of a head with additional information `info` whose initial byte ends at `pos`. */
export function headEnd(pos: number, info: number): number {
  return info < 24 ? pos : pos + argumentBytes(info);
}

/** Remaining items per open level; the negative values below mark indefinite-length levels. */
const openLevels = new Int32Array(MAX_DEPTH + 1);
const IN_ARRAY = -1;
const AT_KEY = -2;
const AT_VALUE = -3;
const BREAK = 0xff;

/** Skips the item at `pos`, which has nesting level `depth`. */
export function skipItem(bytes: Buffer, pos: number, end: number, depth: number): number {
  setBuffer(bytes);
  return skipItemUnchecked(bytes, pos, end, depth);
}

/** `skipItem` for the current buffer. */
export function skipItemUnchecked(bytes: Buffer, pos: number, end: number, depth: number): number {
  if (pos >= end) return MALFORMED;
  const initial = bytes[pos] as number;
  if (initial >= 0x60 && initial < 0x78) return skipShortString(bytes, pos + 1, end, initial);
  return skipAny(bytes, pos, end, depth);
}

/** Linear and iterative: a nesting level costs an entry of a preallocated table, not a stack frame. */
function skipAny(bytes: Buffer, pos: number, end: number, depth: number): number {
  let at = pos;
  let level = depth;
  let left = 1;
  for (;;) {
    while (left === 0) {
      if (level === depth) return at;
      left = openLevels[--level] as number;
    }
    if (at >= end) return MALFORMED;
    const initial = bytes[at++] as number;
    if (left > 0) left--;
    else if (initial === BREAK) {
      if (left === AT_VALUE) return MALFORMED;
      left = 0;
      continue;
    } else if (left !== IN_ARRAY) left = left === AT_KEY ? AT_VALUE : AT_KEY;
    const info = initial & 31;
    if (initial < 0x40) {
      if (info >= 24) at = skipInteger(bytes, at, end, info);
    } else if (initial < 0x80) {
      at = info < 24 ? skipShortString(bytes, at, end, initial) : skipString(bytes, at, end, initial);
    } else if (initial < 0xe0) {
      if (level >= MAX_DEPTH) return MALFORMED;
      openLevels[level++] = left;
      left = itemsWithin(bytes, at, end, initial);
      if (left < ERROR_OFFSET) return left - ERROR_OFFSET;
      at = headEnd(at, info === 31 ? 0 : info);
    } else if (initial < 0xf4 || initial > 0xf6) at = skipSimple(at, end, info); // not false, true, null
    if (at < 0) return at;
  }
}

/** Separates error codes from counts and level marks in the result of `itemsWithin`. */
const ERROR_OFFSET = -10;

/** Number of items of the array, map or tag whose initial byte ends at `at`: a count, a level mark, or an error code. */
function itemsWithin(bytes: Buffer, at: number, end: number, initial: number): number {
  const info = initial & 31;
  const major = initial >> 5;
  if (major === 6) return checkTag(bytes, at, end, info);
  if (info === 31) return major === 4 ? IN_ARRAY : AT_KEY;
  const count = readLength(bytes, at, end, info) * (major === 5 ? 2 : 1);
  // an item has at least one byte: reject counts larger than the input before walking it
  return count < 0 || count > end - headEnd(at, info) ? ERROR_OFFSET + MALFORMED : count;
}

/** A tag contains one item. Bignums are rejected: the Dart decoder reads them as bytes. */
function checkTag(bytes: Buffer, at: number, end: number, info: number): number {
  if (info > 27 || headEnd(at, info) > end) return ERROR_OFFSET + MALFORMED;
  const isBignum = info < 24 ? info === 2 || info === 3 : isBignumTag(bytes, at, info);
  return isBignum ? ERROR_OFFSET + UNREADABLE : 1;
}

function skipInteger(bytes: Buffer, pos: number, end: number, info: number): number {
  if (info > 27) return MALFORMED;
  const itemEnd = pos + argumentBytes(info);
  if (itemEnd > end) return MALFORMED;
  // an 8-byte argument with the top bit set is beyond int64, for both signs
  return info === 27 && (bytes[pos] as number) > 0x7f ? UNREADABLE : itemEnd;
}

/** A string of at most 23 bytes, as most keys and many values are. */
function skipShortString(bytes: Buffer, pos: number, end: number, initial: number): number {
  const itemEnd = pos + (initial & 31);
  if (itemEnd > end) return MALFORMED;
  return initial < 0x60 || isAscii(bytes, pos, itemEnd) || isUtf8(bytes.subarray(pos, itemEnd)) ? itemEnd : MALFORMED;
}

function skipString(bytes: Buffer, pos: number, end: number, initial: number): number {
  const info = initial & 31;
  if (info === 31) return UNREADABLE;
  const length = readLength(bytes, pos, end, info);
  if (length < 0) return length;
  const start = headEnd(pos, info);
  const itemEnd = start + length;
  if (itemEnd > end) return MALFORMED;
  return initial < 0x60 || isTextUnchecked(bytes, start, itemEnd) ? itemEnd : MALFORMED;
}

/** True for tags 2 and 3 in a longer form. */
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
  if (info >= 28) return MALFORMED; // reserved, or an unexpected break
  return UNREADABLE; // undefined, other simple values, float16, float32
}

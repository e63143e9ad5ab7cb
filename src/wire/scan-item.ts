import { isUtf8 } from 'node:buffer';

/**
 * Walks CBOR items (RFC 8949) without decoding them, and checks on the way that the Dart reader can read them.
 * Functions return the position behind the item, or one of the negative codes below.
 */

/** Not CBOR: it ends early, has a reserved head, or holds invalid UTF-8. */
export const MALFORMED = -1;
/** CBOR that the Dart reader throws on: float16/32, indefinite strings, undefined, integers beyond int64, bignums. */
export const UNREADABLE = -2;

/** Deepest nesting accepted: each level costs a stack frame in every reader. */
export const MAX_DEPTH = 128;

/** From this many bytes on the call into the native check is the faster one. */
const NATIVE_UTF8_FROM_BYTES = 512;

/**
 * The memory in which the scanned bytes lie, for reading it four bytes at a time: texts and ids are most of a message, and
 * byte by byte they would cost more than everything else that is done to it. Most messages of a read share it.
 */
let words: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
let memory: ArrayBufferLike = words.buffer;
/** Where the scanned bytes begin in it. */
let origin = 0;

/** To be called before `bytes` are scanned by the functions that say so. */
export function setBuffer(bytes: Buffer): void {
  const { buffer } = bytes;
  if (buffer !== memory) {
    memory = buffer;
    words = new DataView(buffer);
  }
  origin = bytes.byteOffset;
}

/** The four bytes at `pos` of the bytes that are looked into, as one number. */
export function int32At(pos: number): number {
  return words.getInt32(origin + pos);
}

/** An item that others are compared with, as numbers of four bytes; the last one overlaps the one before it. */
export class EncodedId {
  readonly length: number;
  /** Where its text starts. */
  readonly textStart: number;
  private readonly words: Int32Array;

  /** `item`: a text with its head, of four bytes at least. */
  constructor(item: Buffer) {
    this.length = item.length;
    this.textStart = headEnd(1, (item[0] as number) & 31);
    this.words = new Int32Array(Math.ceil(item.length / 4));
    for (let i = 0; i < this.words.length; i++) this.words[i] = item.readInt32BE(Math.min(4 * i, item.length - 4));
  }

  /** True when it stands at `pos` of the bytes that are looked into, which end at `end`. */
  matchesAt(pos: number, end: number): boolean {
    if (pos + this.length > end) return false;
    const { words: own } = this;
    const at = origin + pos;
    const last = own.length - 1;
    // the ends of ids differ most
    if (words.getInt32(at + this.length - 4) !== own[last]) return false;
    for (let i = 0; i < last; i++) if (words.getInt32(at + 4 * i) !== own[i]) return false;
    return true;
  }
}

const TOP_BITS = 0x80808080 | 0;

/** True when `bytes[start..end)`, which are looked into, are ASCII. */
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

/** True when `bytes[start..end)` is valid UTF-8: the Dart reader throws on anything else. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  setBuffer(bytes);
  return isTextUnchecked(bytes, start, end);
}

/** `isText` for bytes that are looked into. */
export function isTextUnchecked(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < NATIVE_UTF8_FROM_BYTES && isAscii(bytes, start, end)) return true;
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
export function headEnd(pos: number, info: number): number {
  return info < 24 ? pos : pos + argumentBytes(info);
}

/** Items left at each level that is open; the negative values below stand for levels that end with a break. */
const openLevels = new Int32Array(MAX_DEPTH + 1);
const IN_ARRAY = -1;
const AT_KEY = -2;
const AT_VALUE = -3;
const BREAK = 0xff;

/** Skips the one item at `pos`; see the codes above. `depth` is the nesting level it stands at. */
export function skipItem(bytes: Buffer, pos: number, end: number, depth: number): number {
  setBuffer(bytes);
  return skipItemUnchecked(bytes, pos, end, depth);
}

/** `skipItem` for bytes that are looked into. */
export function skipItemUnchecked(bytes: Buffer, pos: number, end: number, depth: number): number {
  if (pos >= end) return MALFORMED;
  const initial = bytes[pos] as number;
  if (initial >= 0x60 && initial < 0x78) return skipShortString(bytes, pos + 1, end, initial);
  return skipAny(bytes, pos, end, depth);
}

/** Linear and iterative: nesting costs an entry in a table that is allocated once, not a stack frame. */
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

/** Added to an error code where a count or one of the level marks could stand as well. */
const ERROR_OFFSET = -10;

/** How many items the array, map or tag whose head ends at `at` holds: a count, a level mark, or an error code. */
function itemsWithin(bytes: Buffer, at: number, end: number, initial: number): number {
  const info = initial & 31;
  const major = initial >> 5;
  if (major === 6) return checkTag(bytes, at, end, info);
  if (info === 31) return major === 4 ? IN_ARRAY : AT_KEY;
  const count = readLength(bytes, at, end, info) * (major === 5 ? 2 : 1);
  // every item takes a byte at least: a count that the input cannot hold is refused before it is walked
  return count < 0 || count > end - headEnd(at, info) ? ERROR_OFFSET + MALFORMED : count;
}

/** A tag holds one item; bignums are refused, since the reader would take them for bytes. */
function checkTag(bytes: Buffer, at: number, end: number, info: number): number {
  if (info > 27 || headEnd(at, info) > end) return ERROR_OFFSET + MALFORMED;
  const isBignum = info < 24 ? info === 2 || info === 3 : isBignumTag(bytes, at, info);
  return isBignum ? ERROR_OFFSET + UNREADABLE : 1;
}

function skipInteger(bytes: Buffer, pos: number, end: number, info: number): number {
  if (info > 27) return MALFORMED;
  const behind = pos + argumentBytes(info);
  if (behind > end) return MALFORMED;
  // an 8-byte argument with the top bit set is beyond int64, for both signs
  return info === 27 && (bytes[pos] as number) > 0x7f ? UNREADABLE : behind;
}

/** A string of at most 23 bytes: most keys and many values. */
function skipShortString(bytes: Buffer, pos: number, end: number, initial: number): number {
  const behind = pos + (initial & 31);
  if (behind > end) return MALFORMED;
  return initial < 0x60 || isAscii(bytes, pos, behind) || isUtf8(bytes.subarray(pos, behind)) ? behind : MALFORMED;
}

function skipString(bytes: Buffer, pos: number, end: number, initial: number): number {
  const info = initial & 31;
  if (info === 31) return UNREADABLE;
  const length = readLength(bytes, pos, end, info);
  if (length < 0) return length;
  const start = headEnd(pos, info);
  const behind = start + length;
  if (behind > end) return MALFORMED;
  return initial < 0x60 || isTextUnchecked(bytes, start, behind) ? behind : MALFORMED;
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

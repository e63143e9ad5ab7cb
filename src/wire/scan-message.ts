import { MAJOR_TAG, NULL } from './cbor.ts';
import { KNOWN_MESSAGE_TYPES, TypeCode } from './message-types.ts';
import {
  type EncodedId,
  headEnd,
  int32At,
  isTextUnchecked,
  MALFORMED,
  readLength,
  setBuffer,
  skipItemUnchecked,
  UNREADABLE,
} from './scan-item.ts';

/** Results of a scan; `ok` is 0. */
export const ScanResult = { ok: 0, malformed: MALFORMED, unreadable: UNREADABLE } as const;

const TYPE_NAMES = KNOWN_MESSAGE_TYPES.map((name) => Buffer.from(name));

const Field = {
  type: 0,
  senderId: 1,
  targetId: 2,
  groupName: 3,
  payload: 4,
  timestamp: 5,
  errorMessage: 6,
  success: 7,
  other: -1,
} as const;
const TIMESTAMP = Buffer.from('timestamp');
const GROUP_NAME = Buffer.from('groupName');
const ERROR_MESSAGE = Buffer.from('errorMessage');

/**
 * Locates the routing fields of an encoded RouterMessage and validates the rest without decoding it. One instance is reused
 * for every message: `scan` overwrites the fields. Positions index the scanned buffer; an absent or null field has
 * `start === -1`.
 */
export class MessageScanner {
  type: number = TypeCode.unknown;
  hasType = false;
  /** Start of the map entries; `indefinite` if the map ends with a break instead of a count. */
  entriesStart = 0;
  entryCount = 0;
  indefinite = false;
  /** Positions of the senderId value as an item (head included) and of its text. */
  senderItemStart = -1;
  senderItemEnd = -1;
  senderStart = -1;
  senderEnd = -1;
  targetStart = -1;
  targetEnd = -1;
  groupStart = -1;
  groupEnd = -1;
  payloadStart = -1;
  payloadEnd = -1;

  /**
   * Expected senderId and targetId. Most messages of a stream carry the same two, and comparing is cheaper than validating
   * and looking up.
   */
  expectedSender: EncodedId | null = null;
  expectedTarget: EncodedId | null = null;
  isExpectedSender = false;
  isExpectedTarget = false;

  private seen = 0;
  private textStart = 0;
  private textEnd = 0;

  /** Scans the message `bytes[start..end)`: exactly one CBOR map with text keys. Linear, without allocation. */
  scan(bytes: Buffer, start: number, end: number): number {
    this.clear();
    setBuffer(bytes);
    let pos = this.enterMap(bytes, start, end);
    for (let left = this.entryCount; pos > 0 && left !== 0; left--) {
      if (this.indefinite && pos < end && bytes[pos] === 0xff) return pos + 1 === end ? ScanResult.ok : MALFORMED;
      pos = this.scanEntry(bytes, pos, end);
    }
    if (pos < 0) return pos;
    return pos === end ? ScanResult.ok : MALFORMED;
  }

  private clear(): void {
    this.type = TypeCode.unknown;
    this.hasType = false;
    this.senderItemStart = this.senderItemEnd = this.senderStart = this.senderEnd = -1;
    this.targetStart = this.targetEnd = this.groupStart = this.groupEnd = -1;
    this.payloadStart = this.payloadEnd = -1;
    this.isExpectedSender = this.isExpectedTarget = false;
    this.seen = 0;
  }

  /** Reads the map head. An indefinite map has the count -1, which never counts down to 0. */
  private enterMap(bytes: Buffer, start: number, end: number): number {
    if (start >= end) return MALFORMED;
    const initial = bytes[start] as number;
    if (initial >> 5 !== 5) return MALFORMED;
    const info = initial & 31;
    this.indefinite = info === 31;
    this.entryCount = this.indefinite ? -1 : readLength(bytes, start + 1, end, info);
    if (this.entryCount < 0 && !this.indefinite) return MALFORMED;
    this.entriesStart = this.indefinite ? start + 1 : headEnd(start + 1, info);
    return this.entriesStart;
  }

  private scanEntry(bytes: Buffer, pos: number, end: number): number {
    const keyEnd = this.readText(bytes, pos, end);
    if (keyEnd < 0) return keyEnd;
    if (keyEnd >= end) return MALFORMED;
    const field = fieldOf(bytes, this.textStart, this.textEnd);
    if (field === Field.other) {
      return isTextUnchecked(bytes, this.textStart, this.textEnd)
        ? skipItemUnchecked(bytes, keyEnd, end, 1)
        : MALFORMED;
    }
    // a duplicate senderId would bypass the sender check
    if ((this.seen & (1 << field)) !== 0) return MALFORMED;
    this.seen |= 1 << field;
    if (field === Field.senderId && this.expectedSender?.matchesAt(keyEnd, end))
      return this.acceptExpectedSender(keyEnd);
    if (field === Field.targetId && this.expectedTarget?.matchesAt(keyEnd, end))
      return this.acceptExpectedTarget(keyEnd);
    return this.scanField(field, bytes, keyEnd, end);
  }

  private acceptExpectedSender(pos: number): number {
    const { textStart, length } = this.expectedSender as EncodedId;
    this.isExpectedSender = true;
    this.senderItemStart = pos;
    this.senderStart = pos + textStart;
    this.senderItemEnd = this.senderEnd = pos + length;
    return this.senderEnd;
  }

  private acceptExpectedTarget(pos: number): number {
    const { textStart, length } = this.expectedTarget as EncodedId;
    this.isExpectedTarget = true;
    this.targetStart = pos + textStart;
    this.targetEnd = pos + length;
    return this.targetEnd;
  }

  private scanField(field: number, bytes: Buffer, pos: number, end: number): number {
    const itemEnd = skipItemUnchecked(bytes, pos, end, 1);
    if (itemEnd < 0) return itemEnd;
    if (field === Field.senderId) {
      this.senderItemStart = pos;
      this.senderItemEnd = itemEnd;
    }
    const value = (bytes[pos] as number) >> 5 === MAJOR_TAG ? skipTags(bytes, pos) : pos;
    const initial = bytes[value] as number;
    if (initial === NULL) return itemEnd;
    const major = initial >> 5;
    if (field === Field.payload) {
      if (major !== 5) return MALFORMED;
      this.payloadStart = value;
      this.payloadEnd = itemEnd;
      return itemEnd;
    }
    if (field === Field.timestamp) return major < 2 ? itemEnd : MALFORMED;
    if (field === Field.success) return initial === 0xf5 || initial === 0xf4 ? itemEnd : MALFORMED;
    if (major !== 3) return MALFORMED;
    this.recordText(field, bytes, value, itemEnd);
    return itemEnd;
  }

  private recordText(field: number, bytes: Buffer, value: number, itemEnd: number): void {
    const start = headEnd(value + 1, (bytes[value] as number) & 31);
    if (field === Field.type) {
      this.hasType = true;
      this.type = typeOf(bytes, start, itemEnd);
    } else if (field === Field.senderId) {
      this.senderStart = start;
      this.senderEnd = itemEnd;
    } else if (field === Field.targetId) {
      this.targetStart = start;
      this.targetEnd = itemEnd;
    } else if (field === Field.groupName) {
      this.groupStart = start;
      this.groupEnd = itemEnd;
    }
  }

  /** Reads the text at `pos` into textStart and textEnd; returns its end or an error code. */
  private readText(bytes: Buffer, pos: number, end: number): number {
    if (pos >= end) return MALFORMED;
    const initial = bytes[pos] as number;
    if (initial >> 5 !== 3) return MALFORMED;
    if (initial < 0x78) {
      this.textStart = pos + 1;
      this.textEnd = pos + 1 + (initial & 31);
      if (this.textEnd > end) return MALFORMED;
      return this.textEnd;
    }
    const itemEnd = skipItemUnchecked(bytes, pos, end, 1);
    if (itemEnd < 0) return itemEnd;
    this.textStart = headEnd(pos + 1, initial & 31);
    this.textEnd = itemEnd;
    return itemEnd;
  }
}

function skipTags(bytes: Buffer, pos: number): number {
  let at = pos;
  while ((bytes[at] as number) >> 5 === MAJOR_TAG) at = headEnd(at + 1, (bytes[at] as number) & 31);
  return at;
}

const wordOf = (text: string): number => Buffer.from(text).readInt32BE();
const TYPE = wordOf('type');
const PAYL = wordOf('payl');
const LOAD = wordOf('load');
const SUCC = wordOf('succ');
const CESS = wordOf('cess');
const SEND = wordOf('send');
const ER_ID = wordOf('erId');
const TARG = wordOf('targ');
const ET_ID = wordOf('etId');

/** Identifies the field of a key. Compares 32-bit words, since this runs five or six times per message. */
function fieldOf(bytes: Buffer, start: number, end: number): number {
  switch (end - start) {
    case 4:
      return int32At(start) === TYPE ? Field.type : Field.other;
    case 7: {
      const first = int32At(start);
      const last = int32At(start + 3);
      if (first === PAYL && last === LOAD) return Field.payload;
      return first === SUCC && last === CESS ? Field.success : Field.other;
    }
    case 8: {
      const first = int32At(start);
      const last = int32At(start + 4);
      if (first === SEND && last === ER_ID) return Field.senderId;
      return first === TARG && last === ET_ID ? Field.targetId : Field.other;
    }
    case 9:
      if (equals(bytes, start, TIMESTAMP)) return Field.timestamp;
      return equals(bytes, start, GROUP_NAME) ? Field.groupName : Field.other;
    case 12:
      return equals(bytes, start, ERROR_MESSAGE) ? Field.errorMessage : Field.other;
    default:
      return Field.other;
  }
}

function typeOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  for (let code = 0; code < TYPE_NAMES.length; code++) {
    const name = TYPE_NAMES[code] as Buffer;
    if (bytes[start] === name[0] && length === name.length && equals(bytes, start, name)) return code;
  }
  return TypeCode.unknown;
}

/** True if `bytes` contains `expected` at `start`; the caller checks the length. */
export function equals(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

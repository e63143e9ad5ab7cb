/**
 * Encodes the router's own messages exactly as the Dart encoder does: keys sorted bytewise, shortest integers, float64 only,
 * undefined fields omitted. `Raw` values are inserted verbatim. Not reentrant: all calls share one scratch buffer.
 */

import { FALSE, MAJOR_ARRAY, MAJOR_MAP, MAJOR_NEGATIVE, MAJOR_TEXT, MAJOR_UNSIGNED, NULL, TRUE } from './cbor.ts';

/** CBOR bytes to be embedded verbatim. */
export class Raw {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

export type Encodable =
  | null
  | boolean
  | number
  | string
  | Raw
  | readonly Encodable[]
  | { readonly [key: string]: Encodable | undefined };

const FLOAT64 = 0xfb;
const MAX_HEAD_BYTES = 9;

/** Shared scratch buffer, copied once at the end: one buffer per item would cost more than its bytes. */
let scratch = Buffer.allocUnsafe(4096);
let offset = 0;

/** Encodes `value` as CBOR. Safe integers become integers, other numbers float64. */
export function encode(value: Encodable): Buffer {
  offset = 0;
  write(value);
  return copyScratch();
}

/** Encodes a text string: head and UTF-8 bytes. */
export function encodeText(text: string): Buffer {
  offset = 0;
  writeText(text);
  return copyScratch();
}

/** Encodes the shortest head of `major` with argument `value`, an unsigned safe integer. */
export function encodeHead(major: number, value: number): Buffer {
  offset = 0;
  writeHead(major, value);
  return copyScratch();
}

function copyScratch(): Buffer {
  return Buffer.from(scratch.subarray(0, offset));
}

function reserve(bytes: number): void {
  if (offset + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(2 * scratch.length, offset + bytes));
  scratch.copy(larger, 0, 0, offset);
  scratch = larger;
}

function write(value: Encodable): void {
  if (value === null) writeByte(NULL);
  else if (typeof value === 'boolean') writeByte(value ? TRUE : FALSE);
  else if (typeof value === 'number') writeNumber(value);
  else if (typeof value === 'string') writeText(value);
  else if (value instanceof Raw) writeBytes(value.bytes);
  else if (Array.isArray(value)) writeArray(value);
  else writeMap(value as { readonly [key: string]: Encodable | undefined });
}

function writeByte(byte: number): void {
  reserve(1);
  scratch[offset++] = byte;
}

function writeBytes(bytes: Buffer): void {
  reserve(bytes.length);
  scratch.set(bytes, offset);
  offset += bytes.length;
}

function writeText(text: string): void {
  const length = Buffer.byteLength(text);
  writeHead(MAJOR_TEXT, length);
  reserve(length);
  scratch.write(text, offset);
  offset += length;
}

function writeNumber(value: number): void {
  if (Number.isSafeInteger(value)) {
    writeHead(value >= 0 ? MAJOR_UNSIGNED : MAJOR_NEGATIVE, value >= 0 ? value : -1 - value);
    return;
  }
  writeByte(FLOAT64);
  reserve(8);
  offset = scratch.writeDoubleBE(value, offset);
}

function writeArray(items: readonly Encodable[]): void {
  writeHead(MAJOR_ARRAY, items.length);
  for (const item of items) write(item);
}

function writeMap(map: { readonly [key: string]: Encodable | undefined }): void {
  const keys = Object.keys(map).filter((key) => map[key] !== undefined);
  // keys are usually in order already, and sorting dominates the cost
  if (keys.some((key, index) => index > 0 && key < (keys[index - 1] as string))) keys.sort();
  // UTF-16 and UTF-8 order differ only for surrogate pairs
  if (keys.some((key) => SURROGATE.test(key))) keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  writeHead(MAJOR_MAP, keys.length);
  for (const key of keys) {
    writeText(key);
    write(map[key] as Encodable);
  }
}

const SURROGATE = /[\ud800-\udfff]/;

function writeHead(major: number, value: number): void {
  reserve(MAX_HEAD_BYTES);
  const type = major << 5;
  if (value < 24) {
    scratch[offset++] = type | value;
  } else if (value < 0x100) {
    scratch[offset++] = type | 24;
    scratch[offset++] = value;
  } else if (value < 0x10000) {
    scratch[offset++] = type | 25;
    offset = scratch.writeUInt16BE(value, offset);
  } else if (value < 0x100000000) {
    scratch[offset++] = type | 26;
    offset = scratch.writeUInt32BE(value, offset);
  } else {
    scratch[offset++] = type | 27;
    offset = scratch.writeBigUInt64BE(BigInt(value), offset);
  }
}

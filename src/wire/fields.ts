import { decode } from 'cborg';
import { EMPTY_MAP, MAJOR_MAP, NULL } from './cbor.ts';
import { type Encodable, encode, encodeHead, encodeText } from './encode.ts';
import { headEnd, readLength, skipItem } from './scan-item.ts';

/** A map entry: its key, and the positions of the entry and its value in the buffer. */
export interface Entry {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Entries of the map `bytes[start..end)`; null unless it is a readable map with distinct text keys. */
export function mapEntries(bytes: Buffer, start: number, end: number): Entry[] | null {
  if (skipItem(bytes, start, end, 0) !== end) return null;
  const first = bytes[start] as number;
  if (first >> 5 !== MAJOR_MAP) return null;
  const indefinite = (first & 31) === 31;
  let pos = headEnd(start + 1, indefinite ? 0 : first & 31);
  const entriesEnd = indefinite ? end - 1 : end;
  const entries: Entry[] = [];
  const keys = new Set<string>();
  while (pos < entriesEnd) {
    const entry = entryAt(bytes, pos, end);
    if (entry === null || keys.has(entry.key)) return null;
    keys.add(entry.key);
    entries.push(entry);
    pos = entry.end;
  }
  return entries;
}

function entryAt(bytes: Buffer, pos: number, end: number): Entry | null {
  const key = textAt(bytes, pos, end);
  if (key === null) return null;
  const valueStart = skipItem(bytes, pos, end, 1);
  return { key, start: pos, valueStart, end: skipItem(bytes, valueStart, end, 1) };
}

function textAt(bytes: Buffer, pos: number, end: number): string | null {
  const initial = bytes[pos] as number;
  if (initial >> 5 !== 3) return null;
  const length = readLength(bytes, pos + 1, end, initial & 31);
  const start = headEnd(pos + 1, initial & 31);
  return bytes.toString('utf8', start, start + length);
}

/** Decodes the value of `key`; undefined if it is absent, null, or not supported by the decoder. */
export function decodeEntry(bytes: Buffer, entries: readonly Entry[], key: string): unknown {
  const entry = entries.find((candidate) => candidate.key === key);
  return entry === undefined ? undefined : decodeValue(bytes.subarray(entry.valueStart, entry.end));
}

/** Decodes one item: maps become Map, integers beyond 2^53 bigint, null and undecodable items undefined. */
export function decodeValue(item: Buffer): unknown {
  if (item[0] === NULL) return undefined;
  try {
    return decode(item, { useMaps: true }) ?? undefined;
  } catch {
    return undefined;
  }
}

/** True if `entry` exists and its value is not null. */
export function hasValue(bytes: Buffer, entry: Entry | undefined): entry is Entry {
  return entry !== undefined && bytes[entry.valueStart] !== NULL;
}

/** Copies the bytes of the value, so that they do not pin a larger buffer. */
export function copyValue(bytes: Buffer, entry: Entry): Buffer {
  const length = entry.end - entry.valueStart;
  if (length === 1 && bytes[entry.valueStart] === EMPTY_MAP[0]) return EMPTY_MAP;
  const copy = Buffer.allocUnsafeSlow(length);
  bytes.copy(copy, 0, entry.valueStart, entry.end);
  return copy;
}

/** Removes the entry `key` from the map `item` and keeps all other bytes; returns `item` itself without such an entry. */
export function mapWithout(item: Buffer, key: string): Buffer {
  const entries = mapEntries(item, 0, item.length);
  if (entries === null || !entries.some((entry) => entry.key === key)) return item;
  const kept = entries.filter((entry) => entry.key !== key).map((entry) => item.subarray(entry.start, entry.end));
  return Buffer.concat([encodeHead(MAJOR_MAP, kept.length), ...kept]);
}

/** Adds entries to the map `item`, replacing those with the same key. */
export function mapWith(item: Buffer, added: Readonly<Record<string, Encodable>>): Buffer {
  const entries = mapEntries(item, 0, item.length) ?? [];
  const kept = entries
    .filter(({ key }) => !Object.hasOwn(added, key))
    .map(({ start, end }) => item.subarray(start, end));
  const encoded = Object.entries(added).map(([key, value]) => Buffer.concat([encodeText(key), encode(value)]));
  return Buffer.concat([encodeHead(MAJOR_MAP, kept.length + encoded.length), ...encoded, ...kept]);
}

/**
 * Equality as in Dart: structural, with numbers compared by value, so that 1, 1.0 and 1n are equal. NaN equals nothing.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint are never ===
  if (isNumeric(a) && isNumeric(b)) return a == b;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && sameValue(value, b.get(key)));
  }
  return a === b;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/**
 * Encodes the router's own messages in the dialect of the Dart writer: keys sorted bytewise, shortest integers, float64
 * only, fields that are undefined left out. `Raw` values are put in as they are.
 */

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

/** The CBOR bytes of `value`. Whole numbers become integers, others float64. */
export function encode(value: Encodable): Buffer {
  const parts: Buffer[] = [];
  encodeInto(value, parts);
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

function encodeInto(value: Encodable, parts: Buffer[]): void {
  if (value === null) parts.push(NULL);
  else if (typeof value === 'boolean') parts.push(value ? TRUE : FALSE);
  else if (typeof value === 'number') parts.push(encodeNumber(value));
  else if (typeof value === 'string') parts.push(encodeText(value));
  else if (value instanceof Raw) parts.push(value.bytes);
  else if (Array.isArray(value)) encodeArray(value, parts);
  else encodeMap(value as { readonly [key: string]: Encodable | undefined }, parts);
}

const NULL = Buffer.from([0xf6]);
const TRUE = Buffer.from([0xf5]);
const FALSE = Buffer.from([0xf4]);

function encodeArray(items: readonly Encodable[], parts: Buffer[]): void {
  parts.push(encodeHead(4, items.length));
  for (const item of items) encodeInto(item, parts);
}

function encodeMap(map: { readonly [key: string]: Encodable | undefined }, parts: Buffer[]): void {
  const keys = Object.keys(map)
    .filter((key) => map[key] !== undefined)
    .sort(byBytes);
  parts.push(encodeHead(5, keys.length));
  for (const key of keys) {
    parts.push(encodeText(key));
    encodeInto(map[key] as Encodable, parts);
  }
}

/** UTF-16 and UTF-8 sort alike but where one of the texts has a surrogate pair. */
function byBytes(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

const SURROGATE = /[\ud800-\udfff]/;

function encodeNumber(value: number): Buffer {
  if (Number.isSafeInteger(value)) return value >= 0 ? encodeHead(0, value) : encodeHead(1, -1 - value);
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** A text item: head and UTF-8 bytes. */
export function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = encodeHead(3, length);
  const item = Buffer.allocUnsafe(head.length + length);
  item.set(head);
  item.write(text, head.length);
  return item;
}

/** The shortest head of `major` with argument `value`, an unsigned safe integer. */
export function encodeHead(major: number, value: number): Buffer {
  const type = major << 5;
  if (value < 24) return Buffer.from([type | value]);
  if (value < 0x100) return Buffer.from([type | 24, value]);
  if (value < 0x10000) return Buffer.from([type | 25, value >> 8, value & 0xff]);
  const wide = value >= 0x100000000;
  const head = Buffer.allocUnsafe(wide ? 9 : 5);
  head[0] = type | (wide ? 27 : 26);
  if (wide) head.writeBigUInt64BE(BigInt(value), 1);
  else head.writeUInt32BE(value, 1);
  return head;
}

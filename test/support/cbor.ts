/**
 * CBOR as the Dart clients encode and decode it; independent of src/wire, so that a mistake there is detected. The decoder
 * throws on exactly the input that the Dart decoder rejects.
 */

/** A float64, distinct from integers: Dart distinguishes `1.0` from `1`. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** CBOR bytes to be inserted verbatim. */
export class Raw {
  readonly bytes: Buffer;
  constructor(bytes: Buffer | string) {
    this.bytes = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes;
  }
}

export type CborMap = { [key: string]: CborValue };
/** Decoded values: integers beyond 2^53 are bigint. */
export type CborValue = null | boolean | number | bigint | string | Buffer | Double | CborValue[] | CborMap;
/** Encodable values. Undefined fields are omitted, as the Dart encoder omits null fields. */
export type Encodable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Double
  | Raw
  | readonly Encodable[]
  | { readonly [key: string]: Encodable };

/** Encodes like the Dart encoder: keys sorted bytewise, shortest integers, float64 only. */
export function encodeCbor(value: Encodable): Buffer {
  if (value === null || value === undefined) return Buffer.from([0xf6]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4]);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? encodeInt(BigInt(value)) : encodeDouble(value);
  if (typeof value === 'bigint') return encodeInt(value);
  if (typeof value === 'string') return withHead(3, Buffer.from(value));
  if (value instanceof Double) return encodeDouble(value.value);
  if (value instanceof Raw) return value.bytes;
  if (Buffer.isBuffer(value)) return withHead(2, value);
  if (isArray(value)) return Buffer.concat([head(4, BigInt(value.length)), ...value.map(encodeCbor)]);
  return encodeMap(value as { readonly [key: string]: Encodable });
}

function isArray(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function encodeMap(map: { readonly [key: string]: Encodable }): Buffer {
  const entries = Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]): [Buffer, Encodable] => [Buffer.from(key), value])
    .sort(([a], [b]) => Buffer.compare(a, b));
  const items = entries.flatMap(([key, value]) => [withHead(3, key), encodeCbor(value)]);
  return Buffer.concat([head(5, BigInt(entries.length)), ...items]);
}

function encodeInt(value: bigint): Buffer {
  return value >= 0n ? head(0, value) : head(1, -1n - value);
}

function encodeDouble(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function withHead(major: number, bytes: Buffer): Buffer {
  return Buffer.concat([head(major, BigInt(bytes.length)), bytes]);
}

function head(major: number, argument: bigint): Buffer {
  const type = major << 5;
  if (argument < 24n) return Buffer.from([type | Number(argument)]);
  const width = argument < 0x100n ? 1 : argument < 0x10000n ? 2 : argument < 0x100000000n ? 4 : 8;
  const bytes = Buffer.alloc(9);
  bytes[0] = type | (24 + Math.log2(width));
  bytes.writeBigUInt64BE(argument << BigInt(64 - 8 * width), 1);
  return bytes.subarray(0, 1 + width);
}

/** Decodes one item that fills `bytes`. Throws on input that the Dart decoder rejects, and on trailing bytes. */
export function decodeCbor(bytes: Buffer): CborValue {
  const reader = new Reader(bytes);
  const value = reader.item();
  if (reader.pos !== bytes.length) throw new Error(`${bytes.length - reader.pos} bytes behind the CBOR item`);
  return value;
}

/** Like `decodeCbor`, for a body that must be a map. */
export function decodeCborMap(bytes: Buffer): CborMap {
  return asMap(decodeCbor(bytes));
}

/** `value` as a map; throws for any other value, like a Dart cast. */
export function asMap(value: CborValue | undefined): CborMap {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('not a map');
  if (Buffer.isBuffer(value) || value instanceof Double) throw new Error('not a map');
  return value;
}

/** The bytes of the value of `key` in the top-level map `bytes`, to check verbatim forwarding. */
export function rawValue(bytes: Buffer, key: string): Buffer | undefined {
  const reader = new Reader(bytes);
  let found: Buffer | undefined;
  reader.entries((name) => {
    const start = reader.pos;
    reader.item();
    if (name === key) found = bytes.subarray(start, reader.pos);
  });
  return found;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const INT64_MAX = 0x7fffffffffffffffn;

class Reader {
  pos = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  item(): CborValue {
    const initial = this.byte();
    const info = initial & 31;
    switch (initial >> 5) {
      case 0:
        return plain(this.int64(info));
      case 1:
        return plain(-1n - this.int64(info));
      case 2:
        return Buffer.from(this.take(info));
      case 3:
        return UTF8.decode(this.take(info));
      case 4:
        return this.array(info);
      case 5:
        this.pos--;
        return this.map();
      case 6:
        this.argument(info);
        return this.item(); // tags are skipped
      default:
        return this.simple(info);
    }
  }

  /** Calls `visit` with each key of the map at the position; it must read the value. */
  entries(visit: (key: string) => void): void {
    const initial = this.byte();
    if (initial >> 5 !== 5) throw new Error('not a map');
    this.repeat(initial & 31, () => {
      const key = this.item();
      if (typeof key !== 'string') throw new Error('map key is not text');
      visit(key);
    });
  }

  private map(): CborMap {
    const map: CborMap = {};
    this.entries((key) => {
      map[key] = this.item();
    });
    return map;
  }

  private array(info: number): CborValue[] {
    const items: CborValue[] = [];
    this.repeat(info, () => items.push(this.item()));
    return items;
  }

  private repeat(info: number, once: () => void): void {
    if (info !== 31) {
      for (let left = this.argument(info); left > 0n; left--) once();
      return;
    }
    while (this.bytes[this.pos] !== 0xff) once();
    this.pos++;
  }

  private simple(info: number): CborValue {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info !== 27) throw new Error(`unknown simple value ${info}`);
    this.pos += 8;
    if (this.pos > this.bytes.length) throw new Error('float64 ends early');
    return new Double(this.bytes.readDoubleBE(this.pos - 8));
  }

  private int64(info: number): bigint {
    const argument = this.argument(info);
    if (argument > INT64_MAX) throw new Error('integer beyond int64');
    return argument;
  }

  private argument(info: number): bigint {
    if (info < 24) return BigInt(info);
    if (info > 27) throw new Error(info === 31 ? 'indefinite length' : `reserved length ${info}`);
    let value = 0n;
    for (let left = 1 << (info - 24); left > 0; left--) value = (value << 8n) | BigInt(this.byte());
    return value;
  }

  private take(info: number): Buffer {
    const length = Number(this.argument(info));
    const start = this.pos;
    this.pos += length;
    if (this.pos > this.bytes.length) throw new Error('string ends early');
    return this.bytes.subarray(start, this.pos);
  }

  private byte(): number {
    const byte = this.bytes[this.pos++];
    if (byte === undefined) throw new Error('CBOR ends early');
    return byte;
  }
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

import type { Value } from './values.ts';

/** Nesting beyond this is refused: the reader is recursive. */
const MAX_DEPTH = 128;
/** Short ASCII texts, such as keys, are decoded without a TextDecoder, which costs more than they do. */
const SHORT_TEXT_BYTES = 32;
const INDEFINITE = 31;
const BREAK = Symbol('break');
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one CBOR value that takes up all of `bytes`; throws when it does not. Payloads arrive as their sender encoded them, so
 * more is read than this client writes: all lengths of floats and integers, strings in pieces; tags are skipped.
 */
export function decodeCbor(bytes: Uint8Array): Value {
  const reader = new CborReader(bytes);
  const value = reader.read();
  if (!reader.isAtEnd) throw new Error('bytes after the value');
  return value;
}

class CborReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private offset = 0;
  private depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  read(): Value {
    const item = this.readItem();
    if (item === BREAK) throw new Error('unexpected break');
    return item;
  }

  private readItem(): Value | typeof BREAK {
    const first = this.view.getUint8(this.take(1));
    const info = first & 0x1f;
    switch (first >> 5) {
      case 0:
        return this.readInteger(info);
      case 1:
        return negative(this.readInteger(info));
      case 2:
        // a copy: the message's memory is not kept for it
        return new Uint8Array(this.readBytes(info, 2));
      case 3:
        return decodeText(this.readBytes(info, 3));
      case 4:
        return this.nested(() => this.readList(info));
      case 5:
        return this.nested(() => this.readMap(info));
      case 6:
        this.readInteger(info);
        return this.nested(() => this.read());
      default:
        return this.readSimple(info);
    }
  }

  private readInteger(info: number): number | bigint {
    if (info < 24) return info;
    if (info === 24) return this.view.getUint8(this.take(1));
    if (info === 25) return this.view.getUint16(this.take(2));
    if (info === 26) return this.view.getUint32(this.take(4));
    if (info !== 27) throw new Error(`reserved additional information ${info}`);
    const integer = this.view.getBigUint64(this.take(8));
    return integer <= Number.MAX_SAFE_INTEGER ? Number(integer) : integer;
  }

  /** A number of bytes or entries, of which each takes at least a byte. */
  private readLength(info: number): number {
    const length = Number(this.readInteger(info));
    if (length > this.bytes.length - this.offset) throw new Error('a value is cut');
    return length;
  }

  private readBytes(info: number, major: number): Uint8Array {
    if (info !== INDEFINITE) {
      const start = this.take(this.readLength(info));
      return this.bytes.subarray(start, this.offset);
    }
    const pieces: number[] = [];
    for (let first = this.takeByte(); first !== 0xff; first = this.takeByte()) {
      const pieceInfo = first & 0x1f;
      if (first >> 5 !== major || pieceInfo === INDEFINITE) throw new Error('a string has a piece of another type');
      for (const byte of this.readBytes(pieceInfo, major)) pieces.push(byte);
    }
    return Uint8Array.from(pieces);
  }

  private readList(info: number): Value[] {
    const list: Value[] = [];
    if (info === INDEFINITE) {
      for (let item = this.readItem(); item !== BREAK; item = this.readItem()) list.push(item);
      return list;
    }
    for (let left = this.readLength(info); left > 0; left--) list.push(this.read());
    return list;
  }

  private readMap(info: number): Record<string, Value> {
    const map: Record<string, Value> = {};
    if (info === INDEFINITE) {
      for (let key = this.readItem(); key !== BREAK; key = this.readItem()) setEntry(map, key, this.read());
      return map;
    }
    for (let left = this.readLength(info); left > 0; left--) {
      const key = this.read();
      setEntry(map, key, this.read());
    }
    return map;
  }

  private readSimple(info: number): Value | typeof BREAK {
    if (info === 20 || info === 21) return info === 21;
    // null, undefined, and simple values without a meaning
    if (info === 22 || info === 23 || info < 20) return null;
    if (info === 24 && this.takeByte() >= 32) return null;
    if (info === 25) return halfFloat(this.view.getUint16(this.take(2)));
    if (info === 26) return this.view.getFloat32(this.take(4));
    if (info === 27) return this.view.getFloat64(this.take(8));
    if (info === INDEFINITE) return BREAK;
    throw new Error(`reserved simple value ${info}`);
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    const value = read();
    this.depth--;
    return value;
  }

  private takeByte(): number {
    return this.view.getUint8(this.take(1));
  }

  /** Moves on by `count` bytes; returns where they start. */
  private take(count: number): number {
    const start = this.offset;
    if (count > this.bytes.length - start) throw new Error('a value is cut');
    this.offset = start + count;
    return start;
  }
}

function negative(integer: number | bigint): number | bigint {
  if (typeof integer === 'bigint') return -1n - integer;
  const value = -1 - integer;
  return Number.isSafeInteger(value) ? value : BigInt(value);
}

function decodeText(bytes: Uint8Array): string {
  if (bytes.length > SHORT_TEXT_BYTES) return UTF8.decode(bytes);
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return UTF8.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Sets an own property, `__proto__` included. Keys of other types than text are used as their text. */
function setEntry(map: Record<string, Value>, key: Value, value: Value): void {
  const name = typeof key === 'string' ? key : String(key);
  if (name !== '__proto__') map[name] = value;
  else Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

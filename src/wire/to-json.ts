import { FALSE, MAJOR_ARRAY, MAJOR_MAP, MAJOR_NEGATIVE, MAJOR_TAG, MAJOR_TEXT, MAJOR_UNSIGNED, TRUE } from './cbor.ts';
import { headEnd, readLength, skipItem } from './scan-item.ts';

/**
 * JSON text of CBOR values, as the HTTP API and the commands show them (docs/api.md): integers stay integers, those beyond
 * 2^53 become strings, floats keep a decimal point, bytes become `{"$base64": "…"}`, NaN and infinities `{"$double": "…"}`.
 */

const MAJOR_BYTES = 2;
const FLOAT64 = 0xfb;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** The JSON text of one CBOR item. Throws a RangeError unless clients of the router can read the item. */
export function jsonOf(item: Buffer): string {
  if (skipItem(item, 0, item.length, 0) !== item.length) throw new RangeError('not a CBOR item of the router protocol');
  return new JsonWriter(item).write();
}

/** Writes one valid item; its depth, and with it the recursion, is bounded by the scanner. */
class JsonWriter {
  private readonly bytes: Buffer;
  private pos = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  write(): string {
    const initial = this.bytes[this.pos] as number;
    const major = initial >> 5;
    if (major === MAJOR_UNSIGNED || major === MAJOR_NEGATIVE) return this.integer(initial);
    if (major === MAJOR_TEXT) return JSON.stringify(this.string(initial).toString('utf8'));
    if (major === MAJOR_BYTES) return `{"$base64":"${this.string(initial).toString('base64')}"}`;
    if (major === MAJOR_ARRAY) return `[${this.items(initial, () => this.write()).join(',')}]`;
    if (major === MAJOR_MAP) return `{${this.items(initial, () => this.entry()).join(',')}}`;
    if (major === MAJOR_TAG) return this.tagged(initial);
    return initial === FLOAT64 ? this.double() : this.simple(initial);
  }

  private integer(initial: number): string {
    const info = initial & 31;
    const start = this.pos + 1;
    this.pos = headEnd(start, info);
    const argument = info < 24 ? BigInt(info) : BigInt(`0x${this.bytes.toString('hex', start, this.pos)}`);
    const value = initial >> 5 === MAJOR_NEGATIVE ? -1n - argument : argument;
    return value > MAX_SAFE || value < -MAX_SAFE ? `"${value}"` : value.toString();
  }

  private string(initial: number): Buffer {
    const length = this.head(initial);
    this.pos += length;
    return this.bytes.subarray(this.pos - length, this.pos);
  }

  /** The items of an array, or the entries of a map, of definite or indefinite length. */
  private items(initial: number, next: () => string): string[] {
    const items: string[] = [];
    if ((initial & 31) === 31) {
      this.pos++;
      while (this.bytes[this.pos] !== BREAK) items.push(next());
      this.pos++;
    } else {
      for (let left = this.head(initial); left > 0; left--) items.push(next());
    }
    return items;
  }

  /** Keys other than texts become the JSON text of the key. */
  private entry(): string {
    const isText = (this.bytes[this.pos] as number) >> 5 === MAJOR_TEXT;
    const key = this.write();
    return `${isText ? key : JSON.stringify(key)}:${this.write()}`;
  }

  /** The value without its tag. */
  private tagged(initial: number): string {
    this.pos = headEnd(this.pos + 1, initial & 31);
    return this.write();
  }

  private double(): string {
    const value = this.bytes.readDoubleBE(this.pos + 1);
    this.pos += 9;
    if (!Number.isFinite(value)) return `{"$double":"${value}"}`;
    const text = Object.is(value, -0) ? '-0' : String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }

  private simple(initial: number): string {
    this.pos++;
    if (initial === TRUE) return 'true';
    return initial === FALSE ? 'false' : 'null';
  }

  /** The length or count of a head; moves behind it. */
  private head(initial: number): number {
    const info = initial & 31;
    const length = readLength(this.bytes, this.pos + 1, this.bytes.length, info);
    this.pos = headEnd(this.pos + 1, info);
    return length;
  }
}

const BREAK = 0xff;

import { parse } from 'lossless-json';
import { MAJOR_NEGATIVE, MAJOR_UNSIGNED } from './cbor.ts';
import { type Encodable, encodeHead, Raw } from './encode.ts';
import { MAX_DEPTH } from './scan-item.ts';

/**
 * CBOR values of JSON text, the counterpart of `to-json.ts`: a number without a decimal point and exponent is an integer of
 * up to 64 bits, every other number a float; `{"$base64": "…"}` are bytes, `{"$double": "NaN"}` a float without a JSON form.
 */

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAJOR_BYTES = 2;

/**
 * Parses JSON text to a value for `encode`. Throws a SyntaxError with the position for invalid JSON and duplicate keys, and
 * a RangeError for values that the wire has no form for, or that are nested deeper than 128 levels.
 */
export function parseJson(text: string): Encodable {
  if (depthOf(text) > MAX_DEPTH) throw new RangeError(`JSON nested deeper than ${MAX_DEPTH} levels`);
  return withEscapes(parse(text, null, { parseNumber }) as Encodable);
}

/** The number as an item of CBOR, so that `1` and `1.0` stay distinct; plain numbers where the encoder makes the same item. */
function parseNumber(text: string): number | Raw {
  const value = Number(text);
  if (/[.eE]/.test(text)) {
    if (!Number.isFinite(value)) throw new RangeError(`${text} does not fit into a float64`);
    return float64(value);
  }
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
  return integer64(BigInt(text));
}

function float64(value: number): Raw {
  const item = Buffer.alloc(9);
  item[0] = 0xfb;
  item.writeDoubleBE(value, 1);
  return new Raw(item);
}

function integer64(value: bigint): Raw {
  if (value < MIN_INT64 || value > MAX_INT64) throw new RangeError(`${value} does not fit into 64 bits`);
  const argument = value < 0n ? -1n - value : value;
  if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return new Raw(encodeHead(value < 0n ? MAJOR_NEGATIVE : MAJOR_UNSIGNED, Number(argument)));
  }
  const item = Buffer.alloc(9);
  item[0] = ((value < 0n ? MAJOR_NEGATIVE : MAJOR_UNSIGNED) << 5) | 27;
  item.writeBigUInt64BE(argument, 1);
  return new Raw(item);
}

/** Replaces the objects that stand for bytes and floats. */
function withEscapes(value: Encodable): Encodable {
  if (value === null || typeof value !== 'object' || value instanceof Raw) return value;
  if (Array.isArray(value)) return value.map(withEscapes);
  const map = value as { readonly [key: string]: Encodable };
  const keys = Object.keys(map);
  if (keys.length === 1 && keys[0] === '$base64') return bytesItem(map.$base64);
  if (keys.length === 1 && keys[0] === '$double') return doubleItem(map.$double);
  return Object.fromEntries(keys.map((key) => [key, withEscapes(map[key] as Encodable)]));
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytesItem(text: Encodable | undefined): Raw {
  if (typeof text !== 'string' || !BASE64.test(text)) throw new RangeError('$base64 must be a base64 string');
  const bytes = Buffer.from(text, 'base64');
  return new Raw(Buffer.concat([encodeHead(MAJOR_BYTES, bytes.length), bytes]));
}

function doubleItem(text: Encodable | undefined): Raw {
  if (text !== 'NaN' && text !== 'Infinity' && text !== '-Infinity') {
    throw new RangeError('$double must be "NaN", "Infinity" or "-Infinity"');
  }
  return float64(Number(text));
}

/** Nesting depth of JSON text, found without recursion: the parser recurses once per level. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === BACKSLASH) i++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) deepest = Math.max(deepest, ++depth);
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth--;
  }
  return deepest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

import { type EncodeOptions, encode, Token, Type } from 'cborg';
import { decodeCbor } from './cbor-reader.ts';
import { RouterError } from './errors.ts';

/** A number that Dart reads as `double` although it is integral: `new Double(1)` is Dart's `1.0`. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  valueOf(): number {
    return this.value;
  }

  toJSON(): number {
    return this.value;
  }
}

/**
 * A value that can be sent. Integers become CBOR integers, other numbers float64. `bigint` must fit into 64 bits with sign.
 * What arrives: integers beyond 2^53 are `bigint`, bytes are `Uint8Array`, doubles are plain numbers.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Double
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

/** The content of a message: a map with text keys. Entries that are `undefined` are left out. */
export type Payload = { readonly [key: string]: Value | undefined };

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

function refuse(message: string): never {
  throw new RouterError('invalid-value', message);
}

/** Orders texts as their UTF-8 bytes: the order in which Dart clients write keys. */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitA !== unitB) return codePointOrder(unitA) - codePointOrder(unitB);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points beyond all other UTF-16 units. */
function codePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const keyOf = ([key]: readonly (Token | Token[])[]): string => String((key as Token).value);

const ENCODING: EncodeOptions = {
  float64: true,
  mapSorter: (a, b) => compareKeys(keyOf(a), keyOf(b)),
  ignoreUndefinedProperties: true,
  typeEncoders: {
    Object: (value: unknown) => (value instanceof Double ? [new Token(Type.float, value.value)] : null),
    bigint: (value: bigint) =>
      value < MIN_INT64 || value > MAX_INT64 ? refuse(`${value} does not fit into 64 bits`) : null,
    Date: () => refuse('A Date cannot be sent: send milliseconds (date.getTime()) or text (date.toISOString())'),
    Map: () => refuse('A Map cannot be sent: use a plain object (Object.fromEntries(map))'),
    Set: () => refuse('A Set cannot be sent: use an array ([...set])'),
    undefined: () => refuse('undefined cannot be sent: use null'),
    Function: () => refuse('A function cannot be sent'),
    symbol: () => refuse('A symbol cannot be sent'),
    Promise: () => refuse('A Promise cannot be sent: await it first'),
  },
};

/** The CBOR bytes of `map`, in the dialect that Dart clients read. */
export function encodeMap(map: Payload): Uint8Array {
  try {
    return encode(map, ENCODING);
  } catch (error) {
    if (error instanceof RouterError) throw error;
    return refuse(error instanceof Error ? error.message.replace(/^CBOR encode error:\s*/, '') : String(error));
  }
}

/** The map in `bytes`; throws a RouterError with code `protocol` when there is none. */
export function decodeMap(bytes: Uint8Array): Record<string, Value> {
  let value: unknown;
  try {
    value = decodeCbor(bytes);
  } catch (error) {
    throw new RouterError('protocol', 'A message is not readable CBOR', { cause: error });
  }
  if (!isMap(value)) throw new RouterError('protocol', 'A message is not a map');
  return value;
}

export function isMap(value: unknown): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Checks a payload that JavaScript code may have given with another type. */
export function checkPayload(payload: Payload): void {
  if (!isMap(payload) || payload instanceof Double || payload instanceof Date) {
    refuse('A payload must be a plain object');
  }
}

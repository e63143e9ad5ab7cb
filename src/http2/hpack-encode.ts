import { STATIC_TABLE } from './hpack-tables.ts';

/** Dynamic table size update to 0: this encoder uses no dynamic table (RFC 7541, section 4.2). */
export const TABLE_SIZE_ZERO = Buffer.from([0x20]);

/** Indexes of names, and of fields with a value, in the static table. */
const NAME_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(([name], index) => [name, index + 1] as const).reverse(),
);
const FIELD_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(([name, value], index) => [`${name}\n${value}`, index + 1] as const).filter(([key]) => {
    return !key.endsWith('\n');
  }),
);

/**
 * A header block (RFC 7541) without the dynamic table, so that it is valid on every connection and reusable. Without
 * Huffman coding: responses have few and short headers. Names are lower-case, texts one byte per character.
 */
export function encodeHeaders(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => encodeField(name, value)));
}

function encodeField(name: string, value: string): Buffer {
  const whole = FIELD_INDEX.get(`${name}\n${value}`);
  if (whole !== undefined) return integer(0x80, 7, whole);
  const index = NAME_INDEX.get(name) ?? 0;
  const head = integer(0, 4, index);
  return Buffer.concat(index === 0 ? [head, text(name), text(value)] : [head, text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(0, 7, value.length), Buffer.from(value, 'latin1')]);
}

function integer(first: number, bits: number, value: number): Buffer {
  const mask = (1 << bits) - 1;
  if (value < mask) return Buffer.from([first | value]);
  const bytes = [first | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

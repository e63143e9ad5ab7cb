import { HUFFMAN_SYMBOLS, STATIC_TABLE } from './hpack-tables.ts';

/** A header, or header-block bytes to be inserted verbatim. */
export type HeaderField = readonly [name: string, value: string] | Buffer;

/** Encodes like the http2 package of Dart: every field is a literal with a new name, without Huffman coding or indexing. */
export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(fields.map((field) => (Buffer.isBuffer(field) ? field : literal(field[0], field[1]))));
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

/** An integer with `bits` of prefix whose upper bits are `first`. */
export function integer(first: number, bits: number, value: number): Buffer {
  const limit = 2 ** bits - 1;
  if (value < limit) return Buffer.from([first | value]);
  const bytes = [first | limit];
  let left = value - limit;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}

/** The HPACK encodings of an empty `:authority`. */
export const EMPTY_AUTHORITY = {
  /** As in Dart: literal, new name. */
  newName: literal(':authority', ''),
  /** Literal without indexing, name from the static table. */
  indexedName: Buffer.from([0x01, 0x00]),
  /** Static entry 1, which has an empty value. */
  staticEntry: Buffer.from([0x81]),
  /** Literal that also goes into the dynamic table; `dynamicEntry` refers to it in later blocks. */
  incremental: Buffer.from([0x41, 0x00]),
  dynamicEntry: Buffer.from([0xbe]),
  /** Never-indexed literal. */
  neverIndexed: Buffer.from([0x11, 0x00]),
} as const;

/** Decodes header blocks of one connection; keeps the dynamic table between them. */
export class HpackDecoder {
  private readonly dynamic: [string, string][] = [];
  private bytes: Buffer = Buffer.alloc(0);
  private pos = 0;

  decode(block: Buffer): [string, string][] {
    this.bytes = block;
    this.pos = 0;
    const fields: [string, string][] = [];
    while (this.pos < block.length) {
      const field = this.field(this.bytes[this.pos] as number);
      if (field !== null) fields.push(field);
    }
    return fields;
  }

  private field(first: number): [string, string] | null {
    if (first >= 0x80) return this.entry(this.integer(7));
    if (first >= 0x40) {
      const field = this.literal(6);
      // no eviction: a correct encoder never refers to evicted entries
      this.dynamic.unshift(field);
      return field;
    }
    if (first >= 0x20) {
      this.integer(5); // size update
      return null;
    }
    return this.literal(4);
  }

  private literal(bits: number): [string, string] {
    const index = this.integer(bits);
    const name = index === 0 ? this.text() : this.entry(index)[0];
    return [name, this.text()];
  }

  private entry(index: number): [string, string] {
    const entry =
      index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.dynamic[index - STATIC_TABLE.length - 1];
    if (entry === undefined) throw new Error(`no HPACK entry ${index}`);
    return [entry[0], entry[1]];
  }

  private text(): string {
    const huffman = (this.bytes[this.pos] as number) >= 0x80;
    const length = this.integer(7);
    const raw = this.bytes.subarray(this.pos, this.pos + length);
    this.pos += length;
    return (huffman ? unhuffman(raw) : raw).toString('utf8');
  }

  private integer(bits: number): number {
    const limit = 2 ** bits - 1;
    let value = (this.bytes[this.pos++] as number) & limit;
    if (value < limit) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.pos++];
      if (byte === undefined) throw new Error('HPACK integer ends early');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}

function unhuffman(bytes: Buffer): Buffer {
  const symbols: number[] = [];
  let code = 1;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      const symbol = HUFFMAN_SYMBOLS.get(code);
      if (symbol === undefined) continue;
      symbols.push(symbol);
      code = 1;
    }
  }
  return Buffer.from(symbols);
}

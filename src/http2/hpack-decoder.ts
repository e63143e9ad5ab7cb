import { STATIC_TABLE } from './hpack-tables.ts';
import { decodeHuffman } from './huffman.ts';

/** Size of an entry besides its name and value (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;
/** Size of the dynamic table of clients: the default, so it is not announced. */
export const HPACK_TABLE_BYTES = 4096;
const MAX_INTEGER_SHIFT = 21;

/** Evicted entries that may remain in the array before it is compacted. */
const MAX_EVICTED_SLOTS = 128;

type Entry = readonly [name: string, value: string];

/** Decodes the header blocks of one connection (RFC 7541) with their dynamic table. */
export class HpackDecoder {
  /** The newest entry is last; entries before `oldest` are evicted. */
  private readonly table: Entry[] = [];
  private oldest = 0;
  private tableBytes = 0;
  private tableLimitBytes = HPACK_TABLE_BYTES;
  private bytes: Buffer = Buffer.alloc(0);
  private pos = 0;
  private end = 0;

  /**
   * Passes each field of the block `bytes[start..end)` to `onField`. False when the block cannot be decoded; the decoder
   * cannot be used afterwards.
   */
  decode(bytes: Buffer, start: number, end: number, onField: (name: string, value: string) => void): boolean {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
    let mayResize = true;
    while (this.pos < this.end) {
      const first = bytes[this.pos] as number;
      if ((first & 0xe0) === 0x20) {
        // a table size update is valid only at the beginning of a block
        if (!mayResize || !this.resize()) return false;
        continue;
      }
      mayResize = false;
      const field = first >= 0x80 ? this.indexed() : this.literal(first);
      if (field === null) return false;
      onField(field[0], field[1]);
    }
    this.bytes = EMPTY;
    return true;
  }

  private indexed(): Entry | null {
    return this.entry(this.integer(7));
  }

  private literal(first: number): Entry | null {
    const isIndexed = first >= 0x40;
    const index = this.integer(isIndexed ? 6 : 4);
    const name = index === 0 ? this.text() : (this.entry(index)?.[0] ?? null);
    const value = name === null ? null : this.text();
    if (name === null || value === null) return null;
    const field: Entry = [name, value];
    if (isIndexed) this.add(field);
    return field;
  }

  /** The entry with `index`; null for one that does not exist, or -1 from `integer`. */
  private entry(index: number): Entry | null {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1] ?? null;
    const at = this.table.length - (index - STATIC_TABLE.length);
    return at < this.oldest ? null : (this.table[at] ?? null);
  }

  private resize(): boolean {
    const limit = this.integer(5);
    if (limit < 0 || limit > HPACK_TABLE_BYTES) return false;
    this.tableLimitBytes = limit;
    this.evict(0);
    return true;
  }

  private add(field: Entry): void {
    const bytes = field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
    this.evict(bytes);
    if (bytes > this.tableLimitBytes) return;
    this.table.push(field);
    this.tableBytes += bytes;
  }

  /** Evicts the oldest entries until `bytes` more fit, or none are left. */
  private evict(bytes: number): void {
    const { table } = this;
    while (this.tableBytes + bytes > this.tableLimitBytes && this.oldest < table.length) {
      const [name, value] = table[this.oldest] as Entry;
      table[this.oldest++] = EVICTED;
      this.tableBytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
    }
    // many at a time: splice moves the remaining entries
    if (this.oldest === table.length || this.oldest >= MAX_EVICTED_SLOTS) {
      table.splice(0, this.oldest);
      this.oldest = 0;
    }
  }

  private text(): string | null {
    if (this.pos >= this.end) return null;
    const isHuffman = (this.bytes[this.pos] as number) >= 0x80;
    const length = this.integer(7);
    const start = this.pos;
    if (length < 0 || length > this.end - start) return null;
    this.pos = start + length;
    return isHuffman
      ? decodeHuffman(this.bytes, start, this.pos)
      : // one character per byte: HTTP field values are bytes
        this.bytes.toString('latin1', start, this.pos);
  }

  /** An integer with a prefix of `bits` bits; -1 if it is truncated or too large. */
  private integer(bits: number): number {
    const { bytes, end } = this;
    const mask = (1 << bits) - 1;
    let value = (bytes[this.pos++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= MAX_INTEGER_SHIFT && this.pos < end; shift += 7) {
      const byte = bytes[this.pos++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return -1;
  }
}

const EMPTY = Buffer.alloc(0);
const EVICTED: Entry = ['', ''];

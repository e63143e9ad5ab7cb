import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HUFFMAN_SYMBOLS } from '../../test/support/hpack-tables.ts';
import { decodeHuffman } from './huffman.ts';

/** Codes of all bytes and of the end-of-string symbol, as digits. */
const CODES: readonly string[] = [...HUFFMAN_SYMBOLS]
  .sort(([, a], [, b]) => a - b)
  .map(([code]) => code.toString(2).slice(1));
const END_OF_STRING = CODES[256] as string;

/** `bits` as bytes, the last one filled with `padding`. */
function pack(bits: string, padding = '1'): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, padding);
  return Buffer.from(whole.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

const bitsOf = (bytes: Iterable<number>): string => [...bytes].map((byte) => CODES[byte] as string).join('');
const decode = (bytes: Buffer): string | null => decodeHuffman(bytes, 0, bytes.length);

test('Huffman: sample codes of RFC 7541, appendix B', () => {
  const expected: readonly (readonly [symbol: number, code: number, bits: number])[] = [
    [0, 0x1ff8, 13],
    [0x20, 0x14, 6],
    [0x61, 0x3, 5],
    [0x7a, 0x7b, 7],
    [128, 0xfffe6, 20],
    [249, 0xffffffe, 28],
    [255, 0x3ffffee, 26],
    [256, 0x3fffffff, 30],
  ];
  for (const [symbol, code, bits] of expected) assert.equal(CODES[symbol], code.toString(2).padStart(bits, '0'));
});

test('decodeHuffman: every byte alone, and all in a row', () => {
  for (let byte = 0; byte < 256; byte++) assert.equal(decode(pack(bitsOf([byte]))), String.fromCharCode(byte));
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  assert.equal(decode(pack(bitsOf(all))), all.toString('latin1'));
});

test('decodeHuffman: round-trips any text at any position', () => {
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.string({ maxLength: 100 }).map((s) => Buffer.from(s)),
  );
  fc.assert(
    fc.property(text, fc.nat(5), (bytes, before) => {
      const code = pack(bitsOf(bytes));
      const around = Buffer.concat([Buffer.alloc(before, 0xa5), code, Buffer.alloc(3, 0xff)]);
      assert.equal(decodeHuffman(around, before, before + code.length), Buffer.from(bytes).toString('latin1'));
    }),
  );
});

test('decodeHuffman: a text longer than the initial buffer', () => {
  for (const length of [4096, 6554, 20_000]) {
    assert.equal(decode(pack(bitsOf(Buffer.alloc(length, 'a')))), 'a'.repeat(length));
  }
});

test('decodeHuffman: no bytes are the empty text', () => {
  assert.equal(decode(Buffer.alloc(0)), '');
});

test('decodeHuffman: refuses padding of more than seven bits', () => {
  for (let byte = 0; byte < 256; byte++) {
    const bits = bitsOf([byte]);
    assert.equal(decode(Buffer.concat([pack(bits), Buffer.from([0xff])])), null);
    // a byte of ones after codes that end on a byte boundary
    if (bits.length % 8 === 0) assert.equal(decode(pack(`${bits}${'1'.repeat(8)}`)), null);
  }
  for (const bytes of ['ff', 'ffff', 'ffffff']) assert.equal(decode(Buffer.from(bytes, 'hex')), null);
});

test('decodeHuffman: refuses padding with zeros', () => {
  // a code of five bits and one of six leave three and two bits, too few for another code
  for (const [symbol, left] of [
    ['a', 3],
    ['=', 2],
  ] as const) {
    const bits = bitsOf(Buffer.from(symbol));
    for (let padding = 0; padding < 2 ** left; padding++) {
      const isOnes = padding === 2 ** left - 1;
      const text = decode(pack(bits + padding.toString(2).padStart(left, '0')));
      assert.equal(text, isOnes ? symbol : null);
    }
  }
});

test('decodeHuffman: refuses the end-of-string symbol anywhere', () => {
  for (const before of ['', 'a', 'abc', '&', '\xff']) {
    for (const after of ['', 'a', '0000']) {
      const bits = bitsOf(Buffer.from(before, 'latin1')) + END_OF_STRING + bitsOf(Buffer.from(after));
      assert.equal(decode(pack(bits)), null);
    }
  }
});

test('decodeHuffman: refuses a truncated code unless the rest is valid padding', () => {
  for (let byte = 0; byte < 256; byte++) {
    const bits = bitsOf(Buffer.from([0x61, byte]));
    for (let length = 8; length < bits.length; length += 8) {
      const rest = bits.slice(5, length);
      const isPadding = /^1{0,7}$/.test(rest);
      assert.equal(decode(pack(bits.slice(0, length))), isPadding ? 'a' : null, `byte ${byte} cut to ${length} bits`);
    }
  }
});

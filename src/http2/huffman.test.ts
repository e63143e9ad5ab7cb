import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HUFFMAN_SYMBOLS } from '../../test/support/hpack-tables.ts';
import { decodeHuffman } from './huffman.ts';

/** The code of each byte, and of the end of string behind them, as digits. */
const CODES: readonly string[] = [...HUFFMAN_SYMBOLS]
  .sort(([, a], [, b]) => a - b)
  .map(([code]) => code.toString(2).slice(1));
const END_OF_STRING = CODES[256] as string;

/** The bytes of `bits`, of which the last is filled up with `padding`. */
function pack(bits: string, padding = '1'): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, padding);
  return Buffer.from(whole.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

const bitsOf = (bytes: Iterable<number>): string => [...bytes].map((byte) => CODES[byte] as string).join('');
const decode = (bytes: Buffer): string | null => decodeHuffman(bytes, 0, bytes.length);

test('some codes as RFC 7541, appendix B, has them', () => {
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

test('every byte alone, and all of them in a row', () => {
  for (let byte = 0; byte < 256; byte++) assert.equal(decode(pack(bitsOf([byte]))), String.fromCharCode(byte));
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  assert.equal(decode(pack(bitsOf(all))), all.toString('latin1'));
});

test('any text comes back, wherever it stands', () => {
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

test('a text longer than any before, of the shortest codes', () => {
  for (const length of [4096, 6554, 20_000]) {
    assert.equal(decode(pack(bitsOf(Buffer.alloc(length, 'a')))), 'a'.repeat(length));
  }
});

test('nothing is the empty text', () => {
  assert.equal(decode(Buffer.alloc(0)), '');
});

test('padding of more than seven bits is refused', () => {
  for (let byte = 0; byte < 256; byte++) {
    const bits = bitsOf([byte]);
    assert.equal(decode(Buffer.concat([pack(bits), Buffer.from([0xff])])), null);
    // a whole byte of ones behind codes that end with a byte
    if (bits.length % 8 === 0) assert.equal(decode(pack(`${bits}${'1'.repeat(8)}`)), null);
  }
  for (const bytes of ['ff', 'ffff', 'ffffff']) assert.equal(decode(Buffer.from(bytes, 'hex')), null);
});

test('padding that is not all ones is refused', () => {
  // a code of five bits and one of six: three and two bits are left, too few for any other code
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

test('an end of string is refused, whatever stands around it', () => {
  for (const before of ['', 'a', 'abc', '&', '\xff']) {
    for (const behind of ['', 'a', '0000']) {
      const bits = bitsOf(Buffer.from(before, 'latin1')) + END_OF_STRING + bitsOf(Buffer.from(behind));
      assert.equal(decode(pack(bits)), null);
    }
  }
});

test('a code that is cut off is refused, unless what is left of it is padding', () => {
  for (let byte = 0; byte < 256; byte++) {
    const bits = bitsOf(Buffer.from([0x61, byte]));
    for (let length = 8; length < bits.length; length += 8) {
      const rest = bits.slice(5, length);
      const isPadding = /^1{0,7}$/.test(rest);
      assert.equal(decode(pack(bits.slice(0, length))), isPadding ? 'a' : null, `byte ${byte} cut to ${length} bits`);
    }
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'cborg';
import fc from 'fast-check';
import { decodeCbor, encodeCbor } from '../../test/support/cbor.ts';
import { encode, encodeHead, encodeText, Raw } from './encode.ts';

/** Values of the router's own messages, with keys whose UTF-16 and UTF-8 orders differ. */
const key = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom('', 'a', 'ab', 'b', 'я', '\ufffd', '\u{1f44b}', '10', '9'),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.constantFrom(
      23,
      24,
      255,
      256,
      65535,
      65536,
      2 ** 32 - 1,
      2 ** 32,
      -24,
      -25,
      -256,
      -257,
      -(2 ** 32),
      -(2 ** 32) - 1,
    ),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(key, tie('value') as fc.Arbitrary<unknown>, { maxKeys: 30, noNullPrototype: true }),
  ),
}));

test('encode: output equals that of the Dart encoder', () => {
  fc.assert(
    fc.property(value as fc.Arbitrary<null>, (given) => {
      assert.equal(encode(given).toString('hex'), encodeCbor(given).toString('hex'));
    }),
  );
});

test('encode: cborg decodes the output', () => {
  const plain = fc.dictionary(fc.string(), fc.oneof(fc.maxSafeInteger(), fc.string(), fc.boolean()));
  fc.assert(
    fc.property(plain, (given) => {
      assert.deepEqual(new Map(Object.entries(given)), decode(encode(given), { useMaps: true }));
    }),
  );
});

test('encodeHead: uses the shortest form', () => {
  for (const [argument, expected] of [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65535, '19ffff'],
    [65536, '1a00010000'],
    [2 ** 32 - 1, '1affffffff'],
    [2 ** 32, '1b0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
  ] as const) {
    assert.equal(encodeHead(0, argument).toString('hex'), expected);
  }
});

test('encode: fractions and numbers beyond 2^53 are float64', () => {
  for (const number of [0.5, -1.25, 2 ** 53, 1e300, Number.POSITIVE_INFINITY]) {
    const bytes = encode(number);
    assert.equal(bytes[0], 0xfb);
    assert.equal(bytes.readDoubleBE(1), number);
  }
});

test('encode: sorts keys bytewise and omits undefined fields', () => {
  const bytes = encode({ b: 1, '\u{1f44b}': 2, '\ufffd': 3, ab: 4, gone: undefined, a: null });
  assert.deepEqual(Object.keys(decodeCbor(bytes) as object), ['a', 'ab', 'b', '\ufffd', '\u{1f44b}']);
});

test('encode: inserts Raw bytes verbatim', () => {
  assert.equal(
    encode({ x: new Raw(Buffer.from('1b0000000000000001', 'hex')) }).toString('hex'),
    'a161781b0000000000000001',
  );
  assert.equal(encode(new Raw(Buffer.from('f6', 'hex'))).toString('hex'), 'f6');
});

test('encodeText: replaces a lone surrogate', () => {
  assert.equal(encodeText('\ud800').toString('hex'), '63efbfbd');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterError } from './errors.ts';
import { checkPayload, Double, decodeMap, encodeMap, type Payload, type Value } from './values.ts';

const hex = (map: Payload): string => Buffer.from(encodeMap(map)).toString('hex');

const ENCODED: readonly (readonly [name: string, value: Value, hex: string])[] = [
  ['an integer', 1, '01'],
  ['a negative integer', -1, '20'],
  ['an integral float', new Double(1), 'fb3ff0000000000000'],
  ['a fraction', 0.5, 'fb3fe0000000000000'],
  ['an integer beyond 2^53', 2 ** 60, 'fb43b0000000000000'],
  ['a bigint', 2n ** 60n, '1b1000000000000000'],
  ['the smallest int64', -(2n ** 63n), '3b7fffffffffffffff'],
  ['bytes', new Uint8Array([1, 2]), '420102'],
  ['a Buffer', Buffer.from([1]), '4101'],
  ['text', 'ä', '62c3a4'],
  ['null', null, 'f6'],
  ['a list', [1, [true]], '820181f5'],
  ['nested floats', { x: [new Double(2)] }, 'a1617881fb4000000000000000'],
];

for (const [name, value, expected] of ENCODED) {
  test(`${name} is encoded in the dialect that Dart reads`, () => assert.equal(hex({ v: value }), `a16176${expected}`));
}

test('entries that are undefined are left out, at every depth', () => {
  assert.equal(hex({ a: undefined, b: { c: undefined } }), 'a16162a0');
});

const REFUSED: readonly (readonly [name: string, value: unknown, hint: RegExp])[] = [
  ['a Date', new Date(), /getTime|toISOString/],
  ['a Map', new Map(), /Object.fromEntries/],
  ['a Set', new Set(), /array/],
  ['undefined in a list', [undefined], /null/],
  ['a function', () => 1, /function/],
  ['a symbol', Symbol('x'), /symbol/],
  ['a Promise', Promise.resolve(1), /await/],
  ['a bigint beyond 64 bits', 2n ** 63n, /64 bits/],
];

for (const [name, value, hint] of REFUSED) {
  test(`${name} is refused with a hint`, () => {
    assert.throws(
      () => encodeMap({ v: value as Value }),
      (error: unknown) => error instanceof RouterError && error.code === 'invalid-value' && hint.test(error.message),
    );
  });
}

test('circular payloads are refused', () => {
  const circular: Record<string, Value> = {};
  circular.self = circular;
  assert.throws(() => encodeMap(circular), { code: 'invalid-value' });
});

test('integers beyond 2^53 arrive as bigint, others as numbers', () => {
  assert.deepEqual(decodeMap(Buffer.from('a261611b002000000000000161621b001fffffffffffff', 'hex')), {
    a: 2n ** 53n + 1n,
    b: 2 ** 53 - 1,
  });
});

test('a key named __proto__ is an ordinary entry', () => {
  const map = decodeMap(Buffer.from(`a1695f5f70726f746f5f5fa1617801`, 'hex'));
  assert.deepEqual(Object.keys(map), ['__proto__']);
  assert.equal(Object.getPrototypeOf(map), Object.prototype);
});

test('what is not a map is a protocol error', () => {
  for (const bytes of ['01', '80', 'a1', 'ff', '']) {
    assert.throws(() => decodeMap(Buffer.from(bytes, 'hex')), { code: 'protocol' }, bytes);
  }
});

test('a payload must be a plain object', () => {
  for (const payload of [null, 1, 'x', [], new Uint8Array(), new Date(), new Double(1)]) {
    assert.throws(() => checkPayload(payload as unknown as Payload), { code: 'invalid-value' });
  }
});

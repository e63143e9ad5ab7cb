import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readableMap } from '../../test/fuzz/random-cbor.ts';
import { Double, type Encodable, encodeCbor, rawValue } from '../../test/support/cbor.ts';
import { encodeText } from './encode.ts';
import { copyValue, decodeEntry, decodeValue, hasValue, mapEntries, mapWith, mapWithout, sameValue } from './fields.ts';
import { findValue } from './find-value.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('mapEntries: returns the keys and the positions of the values', () => {
  fc.assert(
    fc.property(readableMap, ({ bytes }) => {
      const input = Buffer.concat([hex('ffff'), bytes, hex('ff')]);
      const entries = mapEntries(input, 2, input.length - 1) ?? [];
      const entriesEnd = input.length - ((bytes[0] as number) === 0xbf ? 2 : 1);
      entries.forEach(({ end }, i) => {
        assert.equal(end, entries[i + 1]?.start ?? entriesEnd, 'entries are adjacent');
      });
      for (const entry of entries) {
        const value = input.subarray(entry.valueStart, entry.end);
        assert.deepEqual(value, rawValue(bytes, entry.key));
        assert.deepEqual(copyValue(input, entry), value);
        const found = findValue(input, 2, input.length - 1, Buffer.from(entry.key));
        assert.deepEqual(found, value);
      }
      assert.equal(findValue(input, 2, input.length - 1, Buffer.from('no such key')), null);
    }),
  );
});

test('mapEntries: rejects everything except a readable map with distinct text keys', () => {
  for (const [name, bytes] of [
    ['nothing', ''],
    ['array', '80'],
    ['a key twice', 'a2616101616102'],
    ['a key twice in two forms', 'a261610178016102'],
    ['integer key', 'a10001'],
    ['trailing bytes', 'a000'],
    ['ends early', 'a16161'],
    ['unreadable value', 'a16161f7'],
    ['tagged map', 'c6a0'],
  ] as const) {
    const input = hex(bytes);
    assert.equal(mapEntries(input, 0, input.length), null, name);
  }
});

test('findValue: the last of duplicate keys wins, as in the Dart decoder', () => {
  const bytes = hex('a3616101616102616203');
  assert.deepEqual(findValue(bytes, 0, bytes.length, Buffer.from('a')), hex('02'));
});

test('findValue: finds a key among non-text keys', () => {
  const bytes = hex('bf00014161026161030004ff');
  assert.deepEqual(findValue(bytes, 0, bytes.length, Buffer.from('a')), hex('03'));
});

test('decodeValue: null and undecodable items are undefined', () => {
  for (const [bytes, expected] of [
    ['01', 1],
    ['1b7fffffffffffffff', 9223372036854775807n],
    ['fb3ff0000000000000', 1],
    ['6161', 'a'],
    ['f5', true],
    ['a1616101', new Map([['a', 1]])],
    ['820102', [1, 2]],
    ['f6', undefined],
    ['d82a6161', undefined],
  ] as const) {
    assert.deepEqual(decodeValue(hex(bytes)), expected, bytes);
  }
});

test('hasValue: false for absent and null values', () => {
  const bytes = encodeCbor({ a: null, b: false });
  const entries = mapEntries(bytes, 0, bytes.length) ?? [];
  assert.deepEqual(
    [0, 1, 2].map((i) => hasValue(bytes, entries[i])),
    [false, true, false],
  );
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => decodeEntry(bytes, entries, key)),
    [undefined, false, undefined],
  );
});

test('mapWithout: keeps the other entries byte for byte', () => {
  fc.assert(
    fc.property(readableMap, fc.nat(), ({ bytes }, at) => {
      const entries = mapEntries(bytes, 0, bytes.length) ?? [];
      fc.pre(entries.length > 0);
      const { key } = entries[at % entries.length] as { key: string };
      const rest = mapWithout(bytes, key);
      const kept = mapEntries(rest, 0, rest.length) ?? [];
      assert.deepEqual(
        kept.map((entry) => [entry.key, copyValue(rest, entry)]),
        entries.filter((entry) => entry.key !== key).map((entry) => [entry.key, copyValue(bytes, entry)]),
      );
    }),
  );
});

test('mapWithout: returns the input without such an entry', () => {
  for (const bytes of [hex('a0'), encodeCbor({ a: 1 }), hex('80'), hex('a161')]) {
    assert.equal(mapWithout(bytes, 'token'), bytes);
  }
});

const EQUAL: readonly (readonly [Encodable, Encodable, boolean])[] = [
  [1, new Double(1), true],
  [0, new Double(-0), true],
  [2 ** 53, new Double(2 ** 53), true],
  [9223372036854775807n, 9223372036854775807n, true],
  [9223372036854775807n, 9223372036854775806n, false],
  [new Double(Number.NaN), new Double(Number.NaN), false],
  [1, '1', false],
  [0, false, false],
  [1, true, false],
  [0, '', false],
  ['a', 'a', true],
  ['a', Buffer.from('a'), false],
  [Buffer.from('a'), Buffer.from('a'), true],
  [Buffer.from('a'), Buffer.from('b'), false],
  [[1, 2], [new Double(1), 2], true],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [[], {}, false],
  [{ a: 1, b: [2] }, { b: [new Double(2)], a: 1 }, true],
  [{ a: 1 }, { b: 1 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [null, null, true],
  [null, false, false],
];

test('sameValue: equality as in Dart', () => {
  for (const [a, b, expected] of EQUAL) {
    const [left, right] = [decodeValue(encodeCbor(a)), decodeValue(encodeCbor(b))];
    assert.equal(sameValue(left, right), expected, `${encodeCbor(a).toString('hex')} ${encodeCbor(b).toString('hex')}`);
    assert.equal(sameValue(right, left), expected);
  }
});

test('findValue: finds keys of any length', () => {
  for (const length of [0, 23, 24, 300]) {
    const key = 'k'.repeat(length);
    const bytes = Buffer.concat([hex('a1'), encodeText(key), hex('07')]);
    assert.deepEqual(findValue(bytes, 0, bytes.length, Buffer.from(key)), hex('07'));
  }
});

test('mapWith: adds and replaces entries, keeps the others byte for byte', () => {
  assert.deepEqual(mapWith(Buffer.from([0xa0]), { b: 1, c: 'x' }), encodeCbor({ b: 1, c: 'x' }));
  const odd = Buffer.concat([Buffer.from('bf', 'hex'), Buffer.from('61611801', 'hex'), Buffer.from('6162f6ff', 'hex')]);
  assert.deepEqual(mapWith(odd, { b: true }), Buffer.from('a26162f561611801', 'hex'), 'the odd encoding of 1 stays');
});

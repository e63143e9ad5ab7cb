import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from './encode.ts';
import { parseJson } from './from-json.ts';
import { jsonOf } from './to-json.ts';

const cborOf = (text: string): Buffer => encode(parseJson(text));
const item = (hex: string): string => jsonOf(Buffer.from(hex, 'hex'));

test('CBOR to JSON: every kind of value', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['00', '0'],
    ['20', '-1'],
    ['1b001fffffffffffff', '9007199254740991'],
    ['1b0020000000000000', '"9007199254740992"'],
    ['1b7fffffffffffffff', '"9223372036854775807"'],
    ['3b7fffffffffffffff', '"-9223372036854775808"'],
    ['fb3ff0000000000000', '1.0'],
    ['fb3ff8000000000000', '1.5'],
    ['fb8000000000000000', '-0.0'],
    ['fb7e37e43c8800759c', '1e+300'],
    ['fb7ff8000000000000', '{"$double":"NaN"}'],
    ['fbfff0000000000000', '{"$double":"-Infinity"}'],
    ['6161', '"a"'],
    ['420001', '{"$base64":"AAE="}'],
    ['f4', 'false'],
    ['f5', 'true'],
    ['f6', 'null'],
    ['8201820203', '[1,[2,3]]'],
    ['9f01ff', '[1]'],
    ['a2616101616280', '{"a":1,"b":[]}'],
    ['bf616101ff', '{"a":1}'],
    ['a10102', '{"1":2}'],
    ['c11a514b67b0', '1363896240'],
  ];
  for (const [hex, json] of cases) assert.equal(item(hex), json, hex);
});

test('CBOR to JSON: an item that clients cannot read is refused', () => {
  for (const hex of ['', '18', 'f7', 'fa3f800000', '0000', '5f', 'c24101'])
    assert.throws(() => item(hex), RangeError, hex);
});

test('JSON to CBOR: numbers keep their kind', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['1', '01'],
    ['-1', '20'],
    ['1.0', 'fb3ff0000000000000'],
    ['1e0', 'fb3ff0000000000000'],
    ['-0', '00'],
    ['-0.0', 'fb8000000000000000'],
    ['9007199254740993', '1b0020000000000001'],
    ['9223372036854775807', '1b7fffffffffffffff'],
    ['-9223372036854775808', '3b7fffffffffffffff'],
    ['{"$base64":"AAE="}', '420001'],
    ['{"$double":"NaN"}', 'fb7ff8000000000000'],
    ['{"$double":"Infinity"}', 'fb7ff0000000000000'],
    ['{"b":[],"a":null}', 'a26161f6616280'],
    ['{"__proto__":1}', 'a1695f5f70726f746f5f5f01'],
  ];
  for (const [json, hex] of cases) assert.equal(cborOf(json).toString('hex'), hex, json);
});

test('JSON to CBOR: errors name the cause', () => {
  assert.throws(() => cborOf('{"a":1'), SyntaxError);
  assert.throws(() => cborOf('{"a":1,"a":2}'), /[Dd]uplicate/);
  assert.throws(() => cborOf(''), SyntaxError);
  assert.throws(() => cborOf('9223372036854775808'), /64 bits/);
  assert.throws(() => cborOf('1e999'), /float64/);
  assert.throws(() => cborOf('{"$base64":"?"}'), /base64/);
  assert.throws(() => cborOf('{"$base64":1}'), /base64/);
  assert.throws(() => cborOf('{"$double":"1"}'), /\$double/);
  assert.throws(() => cborOf('['.repeat(10_000)), /128 levels/);
  assert.throws(() => cborOf('{"a":'.repeat(10_000)), /128 levels/);
  assert.doesNotThrow(() => cborOf(JSON.stringify('[{'.repeat(10_000))), 'brackets in a string');
});

/** JSON text without integers beyond 2^53, which come back as strings. */
function jsonText(value: unknown): string {
  const isLarge = (it: unknown): boolean => Number.isInteger(it) && !Number.isSafeInteger(it);
  return JSON.stringify(value, (_key, it: unknown) => (isLarge(it) ? 0.5 : it));
}

test('JSON and CBOR: JSON text of any value survives the way there and back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }).map(jsonText), (text) => {
      const item = cborOf(text);
      assert.deepEqual(cborOf(jsonOf(item)), item);
      assert.deepEqual(JSON.parse(jsonOf(item)), JSON.parse(text));
    }),
    { examples: [['[{"":-0.5,"1":1e+21}]']] },
  );
});

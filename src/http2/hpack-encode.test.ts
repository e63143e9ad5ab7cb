import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../test/support/hpack.ts';
import { STATIC_TABLE } from '../../test/support/hpack-tables.ts';
import { encodeHeaders } from './hpack-encode.ts';

type Fields = readonly (readonly [name: string, value: string])[];

const decoded = (fields: Fields): Fields => new HpackDecoder().decode(encodeHeaders(fields));

const ascii = fc.string({ maxLength: 200 });
const names = fc.oneof(
  fc.constantFrom(...STATIC_TABLE.map(([name]) => name)),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,140}$/),
);
const entries = fc.constantFrom(...STATIC_TABLE);
const fields = fc.array(fc.oneof(fc.tuple(names, ascii), entries), { maxLength: 10 });

test('encodeHeaders: round-trips', () => {
  fc.assert(fc.property(fields, (given) => assert.deepEqual(decoded(given), given)));
});

test('encodeHeaders: a field of the static table is one byte', () => {
  for (const [index, [name, value]] of STATIC_TABLE.entries()) {
    if (value !== '') assert.deepEqual(encodeHeaders([[name, value]]), Buffer.from([0x80 | (index + 1)]));
  }
});

test('encodeHeaders: a name of the static table uses its first index', () => {
  assert.equal(encodeHeaders([[':status', '418']]).toString('hex'), '0803343138');
  assert.equal(encodeHeaders([['content-type', 'x']]).toString('hex'), '0f100178');
  assert.equal(encodeHeaders([[':authority', '']]).toString('hex'), '0100');
});

test('encodeHeaders: adds nothing to the dynamic table', () => {
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 6 }), (lists) => {
      const decoder = new HpackDecoder();
      for (const list of [...lists, ...lists].reverse()) {
        const block = encodeHeaders(list);
        assert.deepEqual(decoder.decode(block), list);
        // index 62 is the first one of the dynamic table
        assert.throws(() => decoder.decode(Buffer.from([0xbe])));
      }
    }),
  );
});

test('encodeHeaders: lengths around the limits of the integer encoding', () => {
  for (const length of [0, 1, 126, 127, 128, 254, 255, 16_383, 16_510, 16_511, 40_000]) {
    const given: Fields = [['x', 'v'.repeat(length)]];
    assert.deepEqual(decoded(given), given);
  }
});

test('encodeHeaders: one byte per character', () => {
  const text = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  const block = encodeHeaders([['x', text]]);
  assert.equal(block.subarray(-256).toString('latin1'), text);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepBytes } from './kept-bytes.ts';

const SIZES = [0, 1, 2, 100, 511, 512, 513, 4096, 4097, 100_000];

test('what is kept is a copy that stays, whatever is kept after it and whatever becomes of the original', () => {
  const given = Array.from({ length: 300 }, (_, i) => Buffer.alloc(SIZES[i % SIZES.length] as number, i % 251));
  const kept = given.map(keepBytes);
  const expected = given.map((bytes) => bytes.toString('hex'));
  for (const bytes of given) bytes.fill(0xee);
  kept.forEach((bytes, i) => {
    assert.equal(bytes.toString('hex'), expected[i]);
  });
});

test('nothing that is kept pins much more memory than its own', () => {
  for (const size of SIZES) {
    const kept = keepBytes(Buffer.alloc(size, 1));
    assert.ok(kept.buffer.byteLength <= Math.max(4096, size), `${kept.buffer.byteLength} bytes for ${size}`);
  }
});

test('all empty maps are one', () => {
  const [first, second] = [1, 2].map(() => keepBytes(Buffer.from([0xa0])));
  assert.ok(first !== undefined && first === second);
});

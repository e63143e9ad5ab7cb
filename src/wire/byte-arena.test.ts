import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyToArena } from './byte-arena.ts';

test('copyToArena: the copy is independent of its source', () => {
  for (const length of [0, 1, 45, 512, 513, 5000]) {
    const bytes = Buffer.alloc(length, 7);
    const kept = copyToArena(bytes);
    bytes.fill(0);
    assert.deepEqual(kept, Buffer.alloc(length, 7));
  }
});

test('copyToArena: copies do not overlap', () => {
  const kept = Array.from({ length: 1000 }, (_, index) => copyToArena(Buffer.alloc(1 + (index % 100), index % 251)));
  kept.forEach((bytes, index) => {
    assert.deepEqual(bytes, Buffer.alloc(1 + (index % 100), index % 251));
  });
});

test('copyToArena: short copies share blocks, long ones do not, empty maps share one buffer', () => {
  const blocks = new Set(Array.from({ length: 64 }, () => copyToArena(Buffer.alloc(45)).buffer));
  assert.ok(blocks.size <= 2, `${blocks.size} blocks`);
  assert.equal(copyToArena(Buffer.alloc(5000)).buffer.byteLength, 5000);
  const empty = copyToArena(Buffer.from([0xa0]));
  assert.equal(copyToArena(Buffer.from([0xa0])), empty);
});

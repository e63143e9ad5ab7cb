import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryReturn } from './memory-return.ts';

const MEBIBYTE = 1024 * 1024;

/** Nudges of `looks` looks at the same memory, a quarter of a second apart. */
function nudges(
  state: MemoryReturn,
  externalMebibytes: number,
  usedMebibytes: number,
  looks: number,
  fromMs = 0,
): number {
  let count = 0;
  for (let n = 0; n < looks; n++) {
    if (state.look(externalMebibytes * MEBIBYTE, usedMebibytes * MEBIBYTE, fromMs + n * 250)) count++;
  }
  return count;
}

test('what is not used any more is asked for once it is quiet', () => {
  const state = new MemoryReturn();
  assert.equal(nudges(state, 300, 0, 8), 0);
  assert.equal(nudges(state, 300, 0, 10), 10);
});

test('what is in use, and little, is left alone', () => {
  assert.equal(nudges(new MemoryReturn(), 300, 250, 100), 0);
  assert.equal(nudges(new MemoryReturn(), 60, 0, 100), 0);
});

test('while memory comes and goes, V8 is left alone', () => {
  const state = new MemoryReturn();
  for (let n = 0; n < 100; n++) assert.equal(state.look((200 + 20 * (n % 7)) * MEBIBYTE, 0, n * 250), false);
});

test('memory that stays is asked for again after ten minutes only', () => {
  const state = new MemoryReturn();
  assert.equal(nudges(state, 300, 0, 2000), 60);
  assert.equal(nudges(state, 300, 0, 100, 700_000), 60);
});

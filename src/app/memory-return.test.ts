import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryReturn } from './memory-return.ts';

const MEBIBYTE = 1024 * 1024;

/** Nudges during `checks` checks of unchanged memory, a quarter of a second apart. */
function nudges(state: MemoryReturn, externalMebibytes: number, usedMebibytes: number, checks: number): number {
  let count = 0;
  for (let n = 0; n < checks; n++) {
    if (state.shouldNudge(externalMebibytes * MEBIBYTE, usedMebibytes * MEBIBYTE)) count++;
  }
  return count;
}

test('unused memory: V8 is nudged once it is quiet', () => {
  const state = new MemoryReturn();
  assert.equal(nudges(state, 300, 0, 8), 0);
  assert.equal(nudges(state, 300, 0, 10), 10);
});

test('memory in use or little unused memory: no nudges', () => {
  assert.equal(nudges(new MemoryReturn(), 300, 250, 100), 0);
  assert.equal(nudges(new MemoryReturn(), 60, 0, 100), 0);
});

test('while external memory changes: no nudges', () => {
  const state = new MemoryReturn();
  for (let n = 0; n < 100; n++) assert.equal(state.shouldNudge((200 + 20 * (n % 7)) * MEBIBYTE, 0), false);
});

test('memory that is not freed: nudged again only when there is more of it', () => {
  const state = new MemoryReturn();
  assert.equal(nudges(state, 300, 0, 5000), 60);
  assert.equal(nudges(state, 350, 0, 100), 0);
  assert.equal(nudges(state, 370, 0, 100), 60);
  assert.equal(nudges(state, 100, 0, 100), 0);
  assert.equal(nudges(state, 170, 0, 100), 60);
});

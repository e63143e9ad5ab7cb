import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedDataVersionTag } from 'node:v8';
import { acceptsFlags, canTuneV8, growingPercent, limitSemiSpaceGrowth, setHeapGrowth } from './v8-tuning.ts';

const MEBIBYTE = 1024 * 1024;

test('a small heap may grow by 64 MiB, a large one by what V8 finds right', () => {
  for (const usedMebibytes of [4, 13, 40, 63]) {
    const roomMebibytes = (usedMebibytes * growingPercent(usedMebibytes * MEBIBYTE)) / 100;
    assert.ok(roomMebibytes >= 64 && roomMebibytes < 65, `${usedMebibytes} MiB: ${roomMebibytes}`);
  }
  assert.equal(growingPercent(64 * MEBIBYTE), 0);
  assert.equal(growingPercent(900 * MEBIBYTE), 0);
});

/** The tag depends on the flags, so it changes when V8 knows the flag. */
test('this V8 has both flags', async () => {
  const before = cachedDataVersionTag();
  setHeapGrowth();
  const withRoom = cachedDataVersionTag();
  assert.notEqual(withRoom, before, '--heap-growing-percent');
  limitSemiSpaceGrowth();
  assert.notEqual(cachedDataVersionTag(), withRoom, '--semi-space-growth-factor');
  assert.equal(await canTuneV8(), true);
});

test('a V8 that is not known yet is tried in a process of its own', async () => {
  assert.equal(await canTuneV8('99.1.2'), true);
  assert.equal(await acceptsFlags(['--heap-growing-percent=0', '--no-such-flag=1']), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedDataVersionTag } from 'node:v8';
import { acceptsFlags, canTuneV8, growingPercent, limitSemiSpaceGrowth, setHeapGrowth } from './v8-tuning.ts';

const MEBIBYTE = 1024 * 1024;

test('heap growth: 64 MiB for a small heap, the default of V8 for a large one', () => {
  for (const usedMebibytes of [4, 13, 40, 63]) {
    const roomMebibytes = (usedMebibytes * growingPercent(usedMebibytes * MEBIBYTE)) / 100;
    assert.ok(roomMebibytes >= 64 && roomMebibytes < 65, `${usedMebibytes} MiB: ${roomMebibytes}`);
  }
  assert.equal(growingPercent(64 * MEBIBYTE), 0);
  assert.equal(growingPercent(900 * MEBIBYTE), 0);
});

/** The tag of the code cache depends on the flags, so it changes if V8 has the flag. */
test('V8 flags: this V8 has both', async () => {
  const before = cachedDataVersionTag();
  setHeapGrowth();
  const withRoom = cachedDataVersionTag();
  assert.notEqual(withRoom, before, '--heap-growing-percent');
  limitSemiSpaceGrowth();
  assert.notEqual(cachedDataVersionTag(), withRoom, '--semi-space-growth-factor');
  assert.equal(await canTuneV8(), true);
});

test('an unknown V8: probed in a child process', async () => {
  assert.equal(await canTuneV8('99.1.2'), true);
  assert.equal(await acceptsFlags(['--heap-growing-percent=0', '--no-such-flag=1']), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growingPercent } from './v8-tuning.ts';

const MEBIBYTE = 1024 * 1024;

test('a small heap may grow by 64 MiB, a large one by what V8 finds right', () => {
  for (const usedMebibytes of [4, 13, 40, 63]) {
    const roomMebibytes = (usedMebibytes * growingPercent(usedMebibytes * MEBIBYTE)) / 100;
    assert.ok(roomMebibytes >= 64 && roomMebibytes < 65, `${usedMebibytes} MiB: ${roomMebibytes}`);
  }
  assert.equal(growingPercent(64 * MEBIBYTE), 0);
  assert.equal(growingPercent(900 * MEBIBYTE), 0);
});

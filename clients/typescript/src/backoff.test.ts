import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelayMs, DEFAULT_POLICY } from './backoff.ts';

test('the bound doubles up to the maximum, and the jitter spans all of it', () => {
  const longest = (attempt: number): number => backoffDelayMs(DEFAULT_POLICY, attempt, () => 1);
  assert.deepEqual([0, 1, 2, 5, 6, 7, 1000].map(longest), [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(
    backoffDelayMs(DEFAULT_POLICY, 3, () => 0),
    0,
  );
});

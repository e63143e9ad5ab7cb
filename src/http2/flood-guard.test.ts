import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError, ErrorCode } from './errors.ts';
import { FloodGuard } from './flood-guard.ts';

const LIMITS = { maxHeaderBytes: 16_384, maxResetsPerSecond: 100 };
const guardAt = (now: () => number): FloodGuard => new FloodGuard(now, () => 0, LIMITS);
const START_MS = 1_749_925_815_123;
const COUNTS = ['countReset', 'countIdle'] as const;

/** Number of calls of `count` before it throws, up to `max`. */
function allowed(guard: FloodGuard, count: (typeof COUNTS)[number], max: number): number {
  for (let calls = 0; calls < max; calls++) {
    try {
      guard[count]();
    } catch (error) {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, ErrorCode.enhanceYourCalm);
      return calls;
    }
  }
  return max;
}

for (const count of COUNTS) {
  test(`FloodGuard.${count}: admits 1000 at once, then 100 a second`, () => {
    let nowMs = START_MS;
    const guard = guardAt(() => nowMs);
    assert.equal(allowed(guard, count, 5000), 1000);
    nowMs += 1000;
    assert.equal(allowed(guard, count, 5000), 100);
    nowMs += 60_000;
    assert.equal(allowed(guard, count, 5000), 1000);
  });

  test(`FloodGuard.${count}: a slower client is never stopped`, () => {
    let nowMs = START_MS;
    const guard = guardAt(() => nowMs);
    for (let i = 0; i < 5000; i++, nowMs += 10) guard[count]();
  });
}

test('FloodGuard: resets and idle frames are counted separately', () => {
  const guard = guardAt(() => START_MS);
  allowed(guard, 'countIdle', 5000);
  assert.equal(allowed(guard, 'countReset', 5000), 1000);
});

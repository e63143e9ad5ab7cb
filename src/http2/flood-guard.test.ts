import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError } from './connection-error.ts';
import { FloodGuard } from './flood-guard.ts';
import { ErrorCode } from './frames.ts';

const LIMITS = { maxHeaderBytes: 16_384, maxResetsPerSecond: 100 };
const guardAt = (now: () => number): FloodGuard => new FloodGuard(now, () => 0, LIMITS);
const START_MS = 1_749_925_815_123;
const COUNTS = ['countReset', 'countIdle'] as const;

/** How often `count` may be called before it throws, up to `most`. */
function allowed(guard: FloodGuard, count: (typeof COUNTS)[number], most: number): number {
  for (let calls = 0; calls < most; calls++) {
    try {
      guard[count]();
    } catch (error) {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, ErrorCode.enhanceYourCalm);
      return calls;
    }
  }
  return most;
}

for (const count of COUNTS) {
  test(`${count}: a thousand at once, and a hundred a second after that`, () => {
    let nowMs = START_MS;
    const guard = guardAt(() => nowMs);
    assert.equal(allowed(guard, count, 5000), 1000);
    nowMs += 1000;
    assert.equal(allowed(guard, count, 5000), 100);
    nowMs += 60_000;
    assert.equal(allowed(guard, count, 5000), 1000);
  });

  test(`${count}: a client that is slower than that is never stopped`, () => {
    let nowMs = START_MS;
    const guard = guardAt(() => nowMs);
    for (let i = 0; i < 5000; i++, nowMs += 10) guard[count]();
  });
}

test('resets and idle frames are counted apart', () => {
  const guard = guardAt(() => START_MS);
  allowed(guard, 'countIdle', 5000);
  assert.equal(allowed(guard, 'countReset', 5000), 1000);
});

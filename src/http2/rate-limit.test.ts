import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateLimit } from './rate-limit.ts';

const START_MS = 1_749_925_815_123;

/** How many of `count` events pass at `nowMs`. */
function passed(limit: RateLimit, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => limit.take(nowMs)).filter((isPassed) => isPassed).length;
}

test('a burst passes at once, and no more than that', () => {
  assert.equal(passed(new RateLimit(10, 5, START_MS), 100, START_MS), 10);
});

test('what was used comes back with time, up to a burst', () => {
  const limit = new RateLimit(10, 5, START_MS);
  passed(limit, 10, START_MS);
  assert.equal(passed(limit, 100, START_MS + 199), 0);
  assert.equal(passed(limit, 100, START_MS + 200), 1);
  assert.equal(passed(limit, 100, START_MS + 1200), 5);
  assert.equal(passed(limit, 100, START_MS + 1_000_000), 10);
});

test('events that keep to the rate pass for ever', () => {
  const limit = new RateLimit(2, 100, START_MS);
  for (let i = 0; i < 10_000; i++) assert.ok(limit.take(START_MS + 10 * i), `event ${i}`);
});

test('events that were refused do not put the next ones off', () => {
  const limit = new RateLimit(1, 1, START_MS);
  limit.take(START_MS);
  for (let ms = 1; ms < 1000; ms++) assert.equal(limit.take(START_MS + ms), false);
  assert.ok(limit.take(START_MS + 1001));
});

test('a clock that is set back takes nothing away', () => {
  const limit = new RateLimit(1000, 100, START_MS);
  assert.ok(limit.take(START_MS));
  assert.ok(limit.take(START_MS - 3_600_000), 'an hour back');
  assert.ok(limit.take(START_MS - 3_600_000));
});

test('in any span of time, a burst and what the rate gives is the most that passes', () => {
  const steps = fc.array(fc.tuple(fc.nat(500), fc.nat(20)), { maxLength: 50 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 50 }), (given, burst, perSecond) => {
      const limit = new RateLimit(burst, perSecond, START_MS);
      let nowMs = START_MS;
      let total = 0;
      for (const [ms, count] of given) {
        nowMs += ms;
        total += passed(limit, count, nowMs);
        assert.ok(total <= burst + ((nowMs - START_MS) * perSecond) / 1000 + 1e-6);
      }
    }),
  );
});

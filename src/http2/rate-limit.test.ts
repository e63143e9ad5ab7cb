import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateLimit, ResetBudget } from './rate-limit.ts';

const START_MS = 1_749_925_815_123;

/** Number of `count` events admitted at `nowMs`. */
function admitted(limit: RateLimit, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => limit.take(nowMs)).filter((isAdmitted) => isAdmitted).length;
}

test('RateLimit: admits one burst at once', () => {
  assert.equal(admitted(new RateLimit(10, 5, START_MS), 100, START_MS), 10);
});

test('RateLimit: refills with time, up to a burst', () => {
  const limit = new RateLimit(10, 5, START_MS);
  admitted(limit, 10, START_MS);
  assert.equal(admitted(limit, 100, START_MS + 199), 0);
  assert.equal(admitted(limit, 100, START_MS + 200), 1);
  assert.equal(admitted(limit, 100, START_MS + 1200), 5);
  assert.equal(admitted(limit, 100, START_MS + 1_000_000), 10);
});

test('RateLimit: events within the rate are always admitted', () => {
  const limit = new RateLimit(2, 100, START_MS);
  for (let i = 0; i < 10_000; i++) assert.ok(limit.take(START_MS + 10 * i), `event ${i}`);
});

test('RateLimit: refused events are not counted', () => {
  const limit = new RateLimit(1, 1, START_MS);
  limit.take(START_MS);
  for (let ms = 1; ms < 1000; ms++) assert.equal(limit.take(START_MS + ms), false);
  assert.ok(limit.take(START_MS + 1001));
});

test('RateLimit: a clock set back removes no tokens', () => {
  const limit = new RateLimit(1000, 100, START_MS);
  assert.ok(limit.take(START_MS));
  assert.ok(limit.take(START_MS - 3_600_000), 'an hour back');
  assert.ok(limit.take(START_MS - 3_600_000));
});

test('RateLimit: no interval admits more than a burst plus the rate', () => {
  const steps = fc.array(fc.tuple(fc.nat(500), fc.nat(20)), { maxLength: 50 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 50 }), (given, burst, perSecond) => {
      const limit = new RateLimit(burst, perSecond, START_MS);
      let nowMs = START_MS;
      let total = 0;
      for (const [ms, count] of given) {
        nowMs += ms;
        total += admitted(limit, count, nowMs);
        assert.ok(total <= burst + ((nowMs - START_MS) * perSecond) / 1000 + 1e-6);
      }
    }),
  );
});

/** Number of `count` streams admitted when one in `every` is reset, all at the same time. */
function admittedStreams(budget: ResetBudget, count: number, every: number): number {
  for (let n = 0; n < count; n++) {
    budget.recordOpened();
    if (n % every === every - 1 && !budget.recordReset(0)) return n;
  }
  return count;
}

test('ResetBudget: a client that resets every stream is stopped after 1000', () => {
  assert.equal(admittedStreams(new ResetBudget(100), 50_000, 1), 1000);
});

test('ResetBudget: a higher rate is also the burst', () => {
  assert.equal(admittedStreams(new ResetBudget(5000), 50_000, 1), 5000);
});

test('ResetBudget: a client that resets less than half of its streams is never stopped', () => {
  assert.equal(admittedStreams(new ResetBudget(100), 50_000, 4), 50_000);
  assert.equal(admittedStreams(new ResetBudget(100), 50_000, 3), 50_000);
});

test('ResetBudget: earlier good streams do not admit many resets', () => {
  const budget = new ResetBudget(100);
  admittedStreams(budget, 50_000, 1000);
  assert.ok(admittedStreams(budget, 50_000, 1) < 4000);
});

test('ResetBudget: resets below the rate are always admitted', () => {
  const budget = new ResetBudget(200);
  for (let n = 0; n < 20_000; n++) {
    budget.recordOpened();
    assert.ok(budget.recordReset(n * 5), `reset ${n}`);
  }
});

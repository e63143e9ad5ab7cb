import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResetBudget } from './reset-budget.ts';

/** How many of `count` streams pass of which one in `every` is reset, all at the same time. */
function passed(budget: ResetBudget, count: number, every: number): number {
  for (let n = 0; n < count; n++) {
    budget.recordOpened();
    if (n % every === every - 1 && !budget.recordReset(0)) return n;
  }
  return count;
}

test('a client that resets everything is stopped after a thousand', () => {
  assert.equal(passed(new ResetBudget(100), 50_000, 1), 1000);
});

test('with a higher rate as much is allowed at once', () => {
  assert.equal(passed(new ResetBudget(5000), 50_000, 1), 5000);
});

test('a client that resets less than half of its streams is not', () => {
  assert.equal(passed(new ResetBudget(100), 50_000, 4), 50_000);
  assert.equal(passed(new ResetBudget(100), 50_000, 3), 50_000);
});

test('a good past does not excuse for long', () => {
  const budget = new ResetBudget(100);
  passed(budget, 50_000, 1000);
  assert.ok(passed(budget, 50_000, 1) < 4000);
});

test('what is slower than the rate passes for ever', () => {
  const budget = new ResetBudget(200);
  for (let n = 0; n < 20_000; n++) {
    budget.recordOpened();
    assert.ok(budget.recordReset(n * 5), `reset ${n}`);
  }
});

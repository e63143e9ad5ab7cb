import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IssuedTokens } from './issued-tokens.ts';

test('a token: valid until a newer one was used', () => {
  const tokens = new IssuedTokens(100);
  const [first, second, third] = [tokens.issue(0), tokens.issue(0), tokens.issue(0)];
  assert.deepEqual([first, second, third], [101, 102, 103]);
  assert.deepEqual([tokens.use(first), tokens.use(first), tokens.use(second)], [true, false, true]);
  assert.deepEqual([tokens.use(first), tokens.use(third), tokens.use(second)], [null, true, null]);
});

test('tokens that were never issued: invalid', () => {
  const tokens = new IssuedTokens(100);
  tokens.issue(0);
  for (const generation of [0, 1, 100, 102, 2 ** 32]) assert.equal(tokens.use(generation), null);
});

test('endless resumes with one token: it and the newest stay valid, memory is bounded', () => {
  const tokens = new IssuedTokens(0);
  const used = tokens.issue(7);
  tokens.use(used);
  const issued = Array.from({ length: 1000 }, () => tokens.issue(8));
  assert.equal(tokens.use(used), false);
  assert.equal(tokens.reportedSkipped, 7);
  assert.equal(tokens.use(issued[0] as number), null, 'the oldest answers are forgotten');
  assert.equal(tokens.use(issued.at(-1) as number), true);
  assert.equal(tokens.reportedSkipped, 8);
});

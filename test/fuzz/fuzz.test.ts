import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './mutate.ts';
import { FuzzFailure, FuzzTarget } from './target.ts';

/** `npm run fuzz` does the same for a minute, from another seed each time. */
const SEED = 20250614;
const TRIES = 2000;

test(`${TRIES} mutations of recorded messages: none throws, no malformed message is delivered`, () => {
  const target = new FuzzTarget();
  const random = new Random(SEED);
  for (let i = 0; i < TRIES; i++) target.tryOne(random);
});

test('a seed: reproduces the same bytes; another seed gives others', () => {
  const bytes = (seed: number): string => new Random(seed).bytes(50).toString('hex');
  assert.equal(bytes(SEED), bytes(SEED));
  assert.notEqual(bytes(SEED), bytes(SEED + 1));
});

test('a failure: reports the bytes that caused it', () => {
  const target = new FuzzTarget();
  target.tryMessage = () => assert.fail('as it must be');
  assert.throws(
    () => target.tryOne(new Random(1)),
    (error) => error instanceof FuzzFailure && /^message [0-9a-f]+: as it must be$/.test(error.message),
  );
});

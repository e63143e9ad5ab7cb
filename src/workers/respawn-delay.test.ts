import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RespawnDelay } from './respawn-delay.ts';

test('the delay grows to 15 s, and starts again after a worker that ran for a while', () => {
  const delay = new RespawnDelay();
  assert.deepEqual([delay.next(0), delay.next(10), delay.next(10)], [100, 200, 400]);
  for (let i = 0; i < 10; i++) delay.next(10);
  assert.equal(delay.next(10), 15_000);
  assert.equal(delay.next(30_000), 100);
});

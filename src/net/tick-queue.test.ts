import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TickQueue } from './tick-queue.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('TickQueue: a single task runs at once, a burst is spread over ticks in order', async () => {
  const queue = new TickQueue(2);
  const ran: number[] = [];
  for (let n = 0; n < 5; n++) queue.run(() => ran.push(n));
  assert.deepEqual(ran, [0, 1]);
  while (ran.length < 5) {
    const before = ran.length;
    await tick();
    assert.ok(ran.length - before <= 4);
  }
  assert.deepEqual(ran, [0, 1, 2, 3, 4]);
  await tick();
  queue.run(() => ran.push(5));
  assert.equal(ran.at(-1), 5);
});

test('TickQueue: finished tasks are released even if the queue never drains', async () => {
  const queue = new TickQueue(8);
  const tasks = 2000;
  let left = tasks;
  const again = (): void => {
    if (left-- > 0) queue.run(again);
  };
  for (let n = 0; n < 20; n++) queue.run(again);
  while (left > 0) await tick();
  const queued = (queue as unknown as { queue: unknown[] }).queue.length;
  assert.ok(queued <= 20, `${queued} of ${tasks}`);
});

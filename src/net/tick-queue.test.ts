import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacer } from './tick-queue.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a job that comes alone runs at once, a burst over turns, in order', async () => {
  const pacer = new Pacer(2);
  const ran: number[] = [];
  for (let n = 0; n < 5; n++) pacer.run(() => ran.push(n));
  assert.deepEqual(ran, [0, 1]);
  while (ran.length < 5) {
    const before = ran.length;
    await turn();
    assert.ok(ran.length - before <= 4);
  }
  assert.deepEqual(ran, [0, 1, 2, 3, 4]);
  await turn();
  pacer.run(() => ran.push(5));
  assert.equal(ran.at(-1), 5);
});

test('what has run is let go of, though there is always more', async () => {
  const pacer = new Pacer(8);
  const jobs = 2000;
  let left = jobs;
  const again = (): void => {
    if (left-- > 0) pacer.run(again);
  };
  for (let n = 0; n < 20; n++) pacer.run(again);
  while (left > 0) await turn();
  const held = (pacer as unknown as { waiting: unknown[] }).waiting.length;
  assert.ok(held <= 20, `${held} of ${jobs}`);
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IntervalTask } from './interval-task.ts';

test('IntervalTask: runs at its interval, applies a changed interval, stops', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    let runs = 0;
    let intervalMs: number | null = 100;
    const task = new IntervalTask(
      () => intervalMs,
      () => runs++,
    );
    mock.timers.tick(1000);
    assert.equal(runs, 0, 'not before it is started');
    task.refresh();
    mock.timers.tick(350);
    assert.equal(runs, 3);
    task.refresh();
    mock.timers.tick(50);
    assert.equal(runs, 4, 'a refresh without a change does not restart the interval');
    intervalMs = 1000;
    task.refresh();
    mock.timers.tick(999);
    assert.equal(runs, 4);
    mock.timers.tick(1);
    assert.equal(runs, 5);
    intervalMs = null;
    task.refresh();
    mock.timers.tick(10_000);
    assert.equal(runs, 5);
    intervalMs = 10;
    task.refresh();
    task.stop();
    mock.timers.tick(1000);
    assert.equal(runs, 5);
  } finally {
    mock.timers.reset();
  }
});

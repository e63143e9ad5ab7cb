import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Liveness } from './liveness.ts';

/** A liveness check over a clock that the test moves. */
function watch(t: { after(run: () => void): void }) {
  let nowMs = 0;
  const clock = mock.method(performance, 'now', () => nowMs);
  mock.timers.enable({ apis: ['setInterval'] });
  const calls: string[] = [];
  const liveness = new Liveness({ probe: () => calls.push('probe'), dead: () => calls.push('dead') }, 20_000, 10_000);
  t.after(() => {
    liveness.stop();
    mock.timers.reset();
    clock.mock.restore();
  });
  /** The timer runs after each of `gaps`, in milliseconds. */
  const pass = (...gaps: number[]): string[] => {
    for (const gapMs of gaps) {
      nowMs += gapMs;
      mock.timers.tick(1000);
    }
    return calls.splice(0);
  };
  return { liveness, pass };
}

const seconds = (count: number): number[] => new Array<number>(count).fill(1000);

test('a heartbeat is sent each interval while it is answered', (t) => {
  const { liveness, pass } = watch(t);
  assert.deepEqual(pass(...seconds(20)), ['probe']);
  liveness.received();
  assert.deepEqual(pass(...seconds(20)), ['probe']);
});

test('an unanswered heartbeat ends the connection after the timeout', (t) => {
  const { pass } = watch(t);
  assert.deepEqual(pass(...seconds(30)), ['probe', 'dead']);
});

test('after the machine slept, the router is asked once more before the connection is given up', (t) => {
  const { liveness, pass } = watch(t);
  assert.deepEqual(pass(...seconds(20)), ['probe']);
  assert.deepEqual(pass(3_600_000), ['probe']);
  liveness.received();
  assert.deepEqual(pass(...seconds(15)), []);
});

test('a throttled tab finds a dead connection by its second unanswered heartbeat', (t) => {
  const { pass } = watch(t);
  assert.deepEqual(pass(60_000, 60_000, 60_000), ['probe', 'probe', 'dead']);
});

test('a throttled tab keeps a connection that answers', (t) => {
  const { liveness, pass } = watch(t);
  for (let minute = 0; minute < 5; minute++) {
    assert.deepEqual(pass(60_000), ['probe']);
    liveness.received();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideAdmission, divideConnections } from './admission.ts';

const load = (admitted: number, limit = 1000, isResponsive = true) => ({ admitted, limit, isResponsive });

test('a worker with more than 1.25 times the mean pauses, with a few connections none does', () => {
  assert.deepEqual(decideAdmission([load(126), load(74)]), { accepts: [false, true], pausesWhenFull: true });
  assert.deepEqual(decideAdmission([load(124), load(76)]).accepts, [true, true]);
  assert.deepEqual(decideAdmission([load(7), load(0)]).accepts, [true, true]);
});

test('a full worker pauses while another has room, and refuses when none has', () => {
  assert.deepEqual(decideAdmission([load(10, 10), load(9, 10)]), { accepts: [false, true], pausesWhenFull: true });
  assert.deepEqual(decideAdmission([load(10, 10), load(10, 10)]), { accepts: [true, true], pausesWhenFull: false });
});

test('before the first worker is ready, workers pause when full', () => {
  assert.deepEqual(decideAdmission([]), { accepts: [], pausesWhenFull: true });
});

test('a worker above the mean accepts when the others are blocked or full', () => {
  assert.deepEqual(decideAdmission([load(200), load(0, 1000, false)]).accepts, [true, true]);
  assert.deepEqual(decideAdmission([load(200), load(20, 20)]).accepts, [true, false]);
});

for (const [total, current, limits] of [
  [1000, [0, 0], [500, 500]],
  [7, [0, 0, 0], [3, 2, 2]],
  [1, [0, 0], [1, 0]],
  [80, [60, 20], [60, 20]],
  [100, [60, 20], [60, 40]],
  [200, [60, 20], [100, 100]],
  [50, [60, 20], [30, 20]],
  [30, [60, 20], [15, 15]],
  [10, [], []],
] as const) {
  test(`${total} connections for workers with ${current.join(', ') || 'none'}: ${limits.join(', ') || 'none'}`, () => {
    assert.deepEqual(divideConnections(total, current), limits);
  });
}

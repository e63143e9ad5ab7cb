import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedClientsRing } from './closed-clients-ring.ts';
import { HISTORY_SERIES, History, type HistorySample } from './history.ts';
import { histogramQuantile } from './quantile.ts';

const closedAt = (at: number) => ({
  at,
  reason: 'connectionLost',
  connectedMs: 5,
  clientId: `c${at}`,
  clientName: 'n',
  address: '10.0.0.7:50412',
});

test('quantile: interpolated in its bucket', () => {
  const bounds = [1, 2, 4];
  assert.equal(histogramQuantile(bounds, [0, 0, 0, 0], 0.5), 0);
  assert.equal(histogramQuantile(bounds, [10, 0, 0, 0], 0.5), 0.5);
  assert.equal(histogramQuantile(bounds, [0, 10, 0, 0], 0.5), 1.5);
  assert.equal(histogramQuantile(bounds, [5, 0, 5, 0], 0.75), 3);
  assert.equal(histogramQuantile(bounds, [5, 0, 5, 0], 0.5), 1);
  assert.equal(histogramQuantile(bounds, [1, 0, 0, 99], 0.99), 4, 'beyond the last bound, that bound');
  assert.equal(histogramQuantile(bounds, [3, 3, 3, 3], 1), 4);
});

test('quantile: monotonic in q', () => {
  const counts = [4, 0, 7, 1, 0, 2];
  const bounds = [0.1, 0.2, 0.5, 1, 2];
  let last = 0;
  for (let q = 0; q <= 1; q += 0.01) {
    const value = histogramQuantile(bounds, counts, q);
    assert.ok(value >= last, `${q}`);
    last = value;
  }
});

test('recently closed clients: the last 50, newest first; names only on request', () => {
  const closed = new ClosedClientsRing();
  assert.deepEqual(closed.list(true), []);
  for (let n = 1; n <= 3; n++) closed.add(closedAt(n));
  assert.deepEqual(
    closed.list(true).map(({ at }) => at),
    [3, 2, 1],
  );
  for (let n = 4; n <= 120; n++) closed.add(closedAt(n));
  const list = closed.list(false);
  assert.deepEqual([list.length, list[0]?.at, list.at(-1)?.at], [50, 120, 71]);
  for (const entry of list) assert.deepEqual(Object.keys(entry).sort(), ['at', 'connectedMs', 'reason']);
  assert.equal(closed.list(true)[0]?.clientId, 'c120');
});

const sample = (value: number): HistorySample =>
  Object.fromEntries(HISTORY_SERIES.map((series) => [series, value])) as unknown as HistorySample;

test('history: a ring, oldest first, bounded', () => {
  const history = new History(3);
  assert.equal(history.last(), null);
  assert.deepEqual(history.series().clients, []);
  for (let n = 1; n <= 5; n++) history.add(sample(n + 0.12345));
  assert.deepEqual(history.series().clients, [3.123, 4.123, 5.123]);
  assert.equal(history.last()?.clients, 5.123);
  assert.deepEqual(Object.keys(history.series()), [...HISTORY_SERIES]);
});

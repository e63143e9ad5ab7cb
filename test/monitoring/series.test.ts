import assert from 'node:assert/strict';
import { test } from 'node:test';

type Sample = { readonly at: number } & Readonly<Record<string, number>>;

interface Series {
  readonly columns: { readonly at: number[]; readonly clients: (number | null)[] };
  readonly windowSeconds: number;
  add(sample: Sample | null): void;
  addHistory(history: Readonly<Record<string, number[]>>): void;
}

/** The page is plain JavaScript without types. */
const url = new URL('../../src/admin/page/series.js', import.meta.url).href;
const { Series } = (await import(url)) as { Series: new (names: readonly string[]) => Series };

const START = 1_800_000_000;
const sample = (second: number, clients = second): Sample => ({ at: (START + second) * 1000, clients, connections: 1 });
const history = (seconds: readonly number[], clients = seconds) => ({
  at: seconds.map((second) => (START + second) * 1000),
  clients: [...clients],
  connections: seconds.map(() => 1),
});
const shown = ({ columns }: Series) => columns.at.map((at, i) => [at - START, columns.clients[i]]);

test('series: takes each second once, in order', () => {
  const series = new Series(['clients', 'connections']);
  for (const second of [1, 2, 2, 1, 3]) series.add(sample(second));
  series.add(null);
  assert.deepEqual(shown(series), [
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

test('series: inserts a history before and between live values', () => {
  const series = new Series(['clients', 'connections']);
  series.add(sample(4, 40));
  series.add(sample(5, 50));
  series.addHistory(history([1, 2, 3, 4]));
  assert.deepEqual(shown(series), [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 50],
  ]);
});

test('series: a time without a router is a gap, also after another history', () => {
  const series = new Series(['clients', 'connections']);
  series.addHistory(history([1, 2]));
  series.addHistory(history([60, 61]));
  const expected = [
    [1, 1],
    [2, 2],
    [3, null],
    [60, 60],
    [61, 61],
  ];
  assert.deepEqual(shown(series), expected);
  series.addHistory(history([60, 61]));
  assert.deepEqual(shown(series), expected);
});

test('series: keeps 15 minutes, shows at least two', () => {
  const series = new Series(['clients', 'connections']);
  series.add(sample(1));
  assert.equal(series.windowSeconds, 120);
  for (let second = 2; second <= 1000; second++) series.add(sample(second));
  assert.equal(series.columns.at.length, 901);
  assert.equal(series.columns.clients.length, 901);
  assert.equal(series.windowSeconds, 900);
});

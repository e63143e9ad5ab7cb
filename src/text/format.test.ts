import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatDuration, formatMs, formatRate } from './format.ts';

test('formatBytes: uses the largest unit below the value', () => {
  const cases = [0, 1023, 1024, 1536, 900 * 2 ** 20, 2 ** 50];
  assert.deepEqual(
    cases.map((bytes) => formatBytes(bytes, 'en')),
    ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '900.0 MiB', '1024.0 TiB'],
  );
  assert.equal(formatBytes(2048, 'ru'), '2.0 КиБ');
});

test('formatMs: three significant digits', () => {
  const cases = [0, 0.0123, 0.342, 2.4444, 47.61, 999, 1070, 12_345];
  assert.deepEqual(
    cases.map((ms) => formatMs(ms, 'en')),
    ['0 ms', '12.3 µs', '342 µs', '2.44 ms', '47.6 ms', '999 ms', '1.07 s', '12.3 s'],
  );
  assert.equal(formatMs(0.5, 'ru'), '500 мкс');
});

test('formatDuration: clock format with days', () => {
  assert.equal(formatDuration(-5, 'en'), '00:00:00');
  assert.equal(formatDuration(5_025_000, 'en'), '01:23:45');
  assert.equal(formatDuration(90_061_000, 'en'), '1d 01:01:01');
  assert.equal(formatDuration(90_061_000, 'ru'), '1д 01:01:01');
});

test('formatRate: one decimal below 100', () => {
  assert.deepEqual([0, 0.04, 0.399, 99.94, 100.4, 12_345.6].map(formatRate), ['0', '0', '0.4', '99.9', '100', '12346']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, cutLine, row, span, sparkline } from '../../src/top/line.ts';

test('span: replaces control characters', () => {
  assert.equal(span('a\u001b[2Jb\u009bc\u202ed').text, 'a·[2Jb·c·d');
});

test('cutLine, row: cut by characters, not bytes', () => {
  const line = [span('abc', 'bold'), span('дёж'), span('xyz')];
  assert.deepEqual(cutLine(line, 5), [span('abc', 'bold'), span('дё')]);
  assert.deepEqual(cutLine(line, 0), []);
  assert.equal(
    row([
      ['a long name', 6],
      ['7', -3],
    ])[0]?.text,
    'a lon…   7',
  );
});

test('bar, sparkline: scale to their range', () => {
  assert.deepEqual([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(7, 4)], ['░░░░', '██░░', '████', '████']);
  assert.equal(sparkline([0, 1, 2, 4]), '▁▃▅█');
  assert.equal(sparkline([0, 0]), '▁▁');
  assert.equal(sparkline([]), '');
});

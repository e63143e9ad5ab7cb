import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, cutLine, row, span, sparkline } from '../../src/top/line.ts';

test('nobody steers a terminal by the name of a group', () => {
  assert.equal(span('a\u001b[2Jb\u009bc\u202ed').text, 'a·[2Jb·c·d');
});

test('lines are cut at the width of the terminal, whatever they are made of', () => {
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

test('bars and small charts', () => {
  assert.deepEqual([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(7, 4)], ['░░░░', '██░░', '████', '████']);
  assert.equal(sparkline([0, 1, 2, 4]), '▁▃▅█');
  assert.equal(sparkline([0, 0]), '▁▁');
  assert.equal(sparkline([]), '');
});

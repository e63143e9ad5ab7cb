import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogLines } from './log-lines.ts';

test('lines are passed on whole, in whatever pieces they arrive', () => {
  const lines: string[] = [];
  const log = new LogLines((line) => lines.push(line));
  for (const piece of ['on', 'e\ntwo\nth', 'ree\n', 'cut']) log.add(piece);
  assert.deepEqual(lines, ['one\n', 'two\n', 'three\n']);
  log.end();
  assert.deepEqual(lines.at(-1), 'cut\n');
});

import assert from 'node:assert/strict';
import { fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { withPriority } from './journal-priority.ts';

test('withPriority: only on the stream of JOURNAL_STREAM', () => {
  using folder = new TempFolder();
  const fd = openSync(folder.file('journal'), 'w');
  const stream = { fd } as unknown as NodeJS.WriteStream;
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const env = { JOURNAL_STREAM: `${dev}:${ino}` };
  assert.equal(withPriority(stream, 'error', 'one\ntwo', env), '<3>one\n<3>two');
  assert.equal(withPriority(stream, 'warning', 'one', env), '<4>one');
  for (const other of [{}, { JOURNAL_STREAM: `${dev}:0` }]) {
    assert.equal(withPriority(stream, 'error', 'one', other), 'one');
  }
  assert.equal(withPriority({} as NodeJS.WriteStream, 'error', 'one', env), 'one');
});

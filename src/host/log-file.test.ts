import assert from 'node:assert/strict';
import { chownSync, closeSync, mkdirSync, readFileSync, statSync, symlinkSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { openLogFile, UnsafeLogFile } from './log-file.ts';

const REGULAR = { onlyRegular: true };

function problemOf(path: string, options = {}): string | null {
  try {
    closeSync(openLogFile(path, options));
    return null;
  } catch (error) {
    assert.ok(error instanceof UnsafeLogFile);
    assert.equal(error.path, path);
    return error.problem;
  }
}

test('openLogFile: a new file has mode 600; an existing one keeps its mode and is appended to', () => {
  using folder = new TempFolder();
  const existing = folder.write('existing.log', 'one\n', 0o640);
  for (const path of [existing, folder.file('new.log')]) {
    const descriptor = openLogFile(path, REGULAR);
    writeSync(descriptor, 'two\n');
    closeSync(descriptor);
  }
  assert.equal(readFileSync(existing, 'utf8'), 'one\ntwo\n');
  assert.deepEqual([statSync(existing).mode & 0o777, statSync(folder.file('new.log')).mode & 0o777], [0o640, 0o600]);
});

test('openLogFile: refuses symlinks, also broken ones, and does not create their targets', () => {
  using folder = new TempFolder();
  const target = folder.file('nowhere');
  symlinkSync(target, folder.file('broken'));
  symlinkSync(folder.write('target', ''), folder.file('link'));
  for (const name of ['broken', 'link']) assert.equal(problemOf(folder.file(name)), 'symlink');
  assert.equal(statSync(target, { throwIfNoEntry: false }), undefined);
});

test('openLogFile: onlyRegular refuses other files', () => {
  using folder = new TempFolder();
  mkdirSync(folder.file('folder'));
  assert.equal(problemOf(folder.file('folder'), REGULAR), 'notAFile');
  assert.equal(problemOf(folder.file('folder')), 'unwritable');
  assert.equal(problemOf('/dev/null', REGULAR), 'notAFile');
});

test('openLogFile: a missing folder is unwritable, with the cause', () => {
  using folder = new TempFolder();
  assert.throws(
    () => openLogFile(folder.file('missing/router.log')),
    (error: UnsafeLogFile) => error.problem === 'unwritable' && error.detail.startsWith('ENOENT'),
  );
});

const skip = process.getuid?.() === 0 ? false : 'needs root, to give a file to another user';
test('openLogFile: refuses the file of another user', { skip }, () => {
  using folder = new TempFolder();
  const path = folder.write('router.log', '');
  chownSync(path, 12_345, 12_345);
  assert.equal(problemOf(path), 'otherUser');
  assert.equal(problemOf(path, REGULAR), 'otherUser');
});

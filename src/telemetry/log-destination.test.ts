import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { logFile } from './log-destination.ts';

test('a log file is made with mode 600 and appended to', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  for (const line of ['one\n', 'two\n']) {
    const destination = logFile(path);
    destination.write(line);
    destination.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('reopened after a rename, it goes on in a new file', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  const destination = logFile(path);
  destination.write('one\n');
  renameSync(path, `${path}.1`);
  destination.write('two\n');
  destination.reopen();
  destination.write('three\n');
  destination.close();
  assert.deepEqual([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')], ['one\ntwo\n', 'three\n']);
});

test('what cannot be reopened stays open', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  const destination = logFile(path);
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  assert.throws(() => destination.reopen(), /router\.log: cannot be opened for writing/);
  destination.write('still here\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'still here\n');
  destination.close();
});

test('a symlink is refused, a broken one as well', () => {
  using folder = new TempFolder();
  for (const [name, target] of [
    ['a', '/dev/null'],
    ['b', folder.file('nowhere')],
  ] as const) {
    symlinkSync(target, folder.file(name));
    assert.throws(() => logFile(folder.file(name)), /is a symbolic link; refused for safety/);
  }
});

test('a full disk: writing never throws, lost lines are counted', () => {
  const destination = logFile('/dev/full');
  for (let n = 0; n < 3; n++) destination.write('lost\n');
  assert.equal(destination.linesLost, 3);
  destination.close();
});

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { SmallDisk, whyNoSmallDisk } from '../../test/support/small-disk.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { logFile } from './log-destination.ts';

const notice = (lines: number): string => `lost: ${lines}\n`;

test('log destination: creates the file with mode 600 and appends', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  for (const line of ['one\n', 'two\n']) {
    const destination = logFile(path, notice);
    destination.write(line);
    destination.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('log destination: writes to a new file after rename and reopen', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  const destination = logFile(path, notice);
  destination.write('one\n');
  renameSync(path, `${path}.1`);
  destination.write('two\n');
  destination.reopen();
  destination.write('three\n');
  destination.close();
  assert.deepEqual([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')], ['one\ntwo\n', 'three\n']);
});

test('log destination: a failed reopen keeps the old file', () => {
  using folder = new TempFolder();
  const path = folder.file('router.log');
  const destination = logFile(path, notice);
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  assert.throws(() => destination.reopen(), /router\.log: cannot be opened for writing/);
  destination.write('still here\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'still here\n');
  destination.close();
});

test('log destination: refuses symlinks, also broken ones', () => {
  using folder = new TempFolder();
  for (const [name, target] of [
    ['a', '/dev/null'],
    ['b', folder.file('nowhere')],
  ] as const) {
    symlinkSync(target, folder.file(name));
    assert.throws(() => logFile(folder.file(name), notice), /is a symbolic link; refused for safety/);
  }
});

test('log destination: on a full disk writing never throws and lost lines are counted', () => {
  const destination = logFile('/dev/full', notice);
  for (let n = 0; n < 3; n++) destination.write('lost\n');
  assert.equal(destination.linesLost, 3);
  destination.close();
});

test('full disk: a partial line is terminated, and a notice counts the lost lines in their place', {
  skip: whyNoSmallDisk(),
}, () => {
  using folder = new TempFolder();
  using disk = new SmallDisk(folder.file('disk'), '8k');
  disk.fill(4);
  const path = disk.file('router.log');
  const destination = logFile(path, notice);
  destination.write(`${'a'.repeat(4090)}\n`);
  for (const line of ['torn line\n', 'lost line\n']) destination.write(line);
  disk.empty();
  for (const line of ['next\n', 'last\n']) destination.write(line);
  destination.close();
  assert.deepEqual(readFileSync(path, 'utf8').split('\n').slice(1), ['torn ', 'lost: 2', 'next', 'last', '']);
});

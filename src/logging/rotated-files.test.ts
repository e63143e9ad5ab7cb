import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TempFolder } from '../../test/support/temp.ts';
import { compressLog, removeOldLogs, renameLog, rotatedLogs, rotatedName } from './rotated-files.ts';

const NOW = new Date(2026, 10, 23, 0, 5, 9);

test('rotated files: names of pm2-logrotate, with a number if the name exists', () => {
  using folder = new TempFolder();
  const log = folder.write('router.log', 'x');
  assert.equal(rotatedName(log, NOW), folder.file('router__2026-11-23_00-05-09.log'));
  folder.write('router__2026-11-23_00-05-09.log.gz', '');
  assert.equal(rotatedName(log, NOW), folder.file('router__2026-11-23_00-05-09_01.log'));
});

test('rotation: the rotated log keeps content and mode; the new log is empty with the same mode', async () => {
  using folder = new TempFolder();
  const log = folder.write('router.log', 'some lines\n', 0o640);
  const { ino } = statSync(log);
  const rotated = rotatedName(log, NOW);
  renameLog(log, rotated);
  assert.deepEqual([statSync(rotated).ino, readFileSync(log, 'utf8')], [ino, '']);
  assert.deepEqual([statSync(log).mode & 0o777, statSync(rotated).mode & 0o777], [0o640, 0o640]);
  await compressLog(rotated);
  assert.equal(existsSync(rotated), false);
  assert.equal(gunzipSync(readFileSync(`${rotated}.gz`)).toString(), 'some lines\n');
  assert.equal(statSync(`${rotated}.gz`).mode & 0o777, 0o640);
});

test('rotation: does not follow a symlink at the path of the new log', () => {
  using folder = new TempFolder();
  const log = folder.write('router.log', 'some lines\n');
  const target = folder.write('target', 'untouched');
  symlinkSync(target, `${log}.${process.pid}.new`);
  renameLog(log, rotatedName(log, NOW));
  assert.deepEqual([readFileSync(target, 'utf8'), statSync(log).isFile()], ['untouched', true]);
});

test('rotated files: removes the oldest, keeps files with other names', () => {
  using folder = new TempFolder();
  const log = folder.write('router.log', '');
  const days = ['21', '22', '23'];
  for (const day of days) folder.write(`router__2026-11-${day}_00-00-00.log.gz`, '');
  for (const other of ['router__notes.log', 'router2__2026-11-20_00-00-00.log', 'x__2026-11-20_00-00-00.log']) {
    folder.write(other, '');
  }
  removeOldLogs({ logFile: log, maxSizeBytes: 1, retain: 2 });
  assert.deepEqual(
    rotatedLogs(log).map((path) => basename(path)),
    ['router__2026-11-22_00-00-00.log.gz', 'router__2026-11-23_00-00-00.log.gz'],
  );
  assert.ok(existsSync(folder.file('router__notes.log')) && existsSync(folder.file('x__2026-11-20_00-00-00.log')));
});

test('rotated files: after a clock set back a new name still sorts last', () => {
  using folder = new TempFolder();
  const log = folder.write('router.log', '');
  folder.write('router__2026-11-24_00-00-00.log.gz', '');
  const names = Array.from({ length: 101 }, () => folder.write(basename(rotatedName(log, NOW)), ''));
  assert.equal(names[0], folder.file('router__2026-11-24_00-00-00_01.log'));
  assert.equal(rotatedLogs(log).at(-1), folder.file('router__2026-11-24_00-00-00_101.log'));
  removeOldLogs({ logFile: log, maxSizeBytes: 1, retain: 2 });
  assert.deepEqual(rotatedLogs(log), names.slice(-2));
});

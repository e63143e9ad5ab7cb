import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { SmallDisk, whyNoSmallDisk } from '../../test/support/small-disk.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { readPid } from '../host/index.ts';
import { checkPidFile, PidFileError, removePidFile, writePidFile } from './process-files.ts';

test('pid file: written, checked by its own process, removed', () => {
  using folder = new TempFolder();
  const path = folder.file('pid');
  checkPidFile(path);
  writePidFile(path);
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
  writePidFile(path);
  removePidFile(path);
  assert.equal(existsSync(path), false);
  removePidFile(path);
});

test('pid file: the file of another process is not removed', () => {
  using folder = new TempFolder();
  const path = folder.write('pid', '4194303\n');
  removePidFile(path);
  assert.equal(existsSync(path), true);
});

test('pid file: held by a running router that is older than the file', () => {
  using folder = new TempFolder();
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    const path = folder.write('pid', `${child.pid}\n`);
    assert.throws(() => checkPidFile(path), PidFileError);
    assert.throws(() => writePidFile(path), /a router is running already, with pid \d+/);
    const hourBefore = Date.now() / 1000 - 3600;
    utimesSync(path, hourBefore, hourBefore);
    writePidFile(path);
    assert.equal(readPid(path), process.pid);
  } finally {
    child.kill('SIGKILL');
  }
});

test('pid file: with the pid of another running program: kept until that program ends', async () => {
  using folder = new TempFolder();
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const path = folder.write('pid', `${child.pid}\n`);
  try {
    for (const attempt of [checkPidFile, writePidFile]) {
      assert.throws(() => attempt(path), /holds the pid \d+ of another running program; remove the file or choose/);
    }
    assert.equal(readPid(path), child.pid);
  } finally {
    child.kill('SIGKILL');
  }
  await once(child, 'exit');
  writePidFile(path);
  assert.equal(readPid(path), process.pid);
});

test('pid file: refuses symlinks and folders', () => {
  using folder = new TempFolder();
  symlinkSync(folder.file('nowhere'), folder.file('link'));
  mkdirSync(folder.file('folder'));
  for (const name of ['link', 'folder']) assert.throws(() => writePidFile(folder.file(name)), /is not a regular file/);
  assert.equal(existsSync(folder.file('nowhere')), false);
});

test('pid file: an unusable folder is reported, nothing is written', () => {
  using folder = new TempFolder();
  folder.write('file', '');
  for (const [path, cause] of [
    ['missing/router.pid', 'ENOENT'],
    ['file/router.pid', 'not a directory'],
  ] as const) {
    const name = folder.file(path);
    for (const attempt of [checkPidFile, writePidFile]) {
      assert.throws(
        () => attempt(name),
        (error: Error) => {
          assert.ok(error instanceof PidFileError);
          assert.ok(
            error.message.startsWith(`${name}: the folder ${dirname(name)} is not usable: ${cause}`),
            error.message,
          );
          return true;
        },
      );
    }
  }
});

test('pid file: on a full disk an error with its path, and no empty file', { skip: whyNoSmallDisk() }, () => {
  using folder = new TempFolder();
  using disk = new SmallDisk(folder.file('disk'), '4k');
  disk.fill(0);
  const path = disk.file('router.pid');
  assert.throws(
    () => writePidFile(path),
    (error: Error) => error.message.startsWith(`${path}: cannot be written: ENOSPC`),
  );
  assert.equal(existsSync(path), false);
});

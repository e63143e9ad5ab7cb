import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { checkPidFile, isAlive, PidFileError, readPid, removePidFile, writePidFile } from './pid-file.ts';

test('a pid is read from the beginning of the file; anything else is none', () => {
  using folder = new TempFolder();
  for (const [text, pid] of [
    ['123\n', 123],
    ['123', 123],
    ['  77 \n', 77],
    ['', null],
    ['x', null],
    ['0', null],
    ['-5', null],
  ] as const) {
    assert.equal(readPid(folder.write('pid', text)), pid, JSON.stringify(text));
  }
  assert.equal(readPid(folder.file('missing')), null);
});

test('processes that live, and that do not', () => {
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(1), true);
  assert.equal(isAlive(4_194_303), false);
});

test('written, checked by its own process, removed', () => {
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

test('the file of another is not removed', () => {
  using folder = new TempFolder();
  const path = folder.write('pid', '4194303\n');
  removePidFile(path);
  assert.equal(existsSync(path), true);
});

test('a live process of the same program holds the file, unless it is younger than the file', () => {
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

test('symlinks and folders are refused', () => {
  using folder = new TempFolder();
  symlinkSync(folder.file('nowhere'), folder.file('link'));
  mkdirSync(folder.file('folder'));
  for (const name of ['link', 'folder']) assert.throws(() => writePidFile(folder.file(name)), /is not a regular file/);
  assert.equal(existsSync(folder.file('nowhere')), false);
});

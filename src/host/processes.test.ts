import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { TempFolder } from '../../test/support/temp.ts';
import {
  hasSameOwner,
  isAlive,
  isOlderThan,
  isSameProgram,
  isYoungerThan,
  processMemoryBytes,
  readPid,
  startOf,
  stateOf,
} from './processes.ts';

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc';

test('readPid: the pid at the beginning of the file, null for anything else', () => {
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

test('isAlive: own process and pid 1, not an unused pid', () => {
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(1), true);
  assert.equal(isAlive(4_194_303), false);
});

test('isAlive: a zombie has ended', { skip }, async () => {
  // the shell becomes `sleep`, which never reaps the child; `cat` ends when its input does
  const script = 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 60 3<&- </dev/null';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(output.toString());
    await poll('the shell to become sleep', () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n');
    parent.stdin.end();
    await poll('the child to end', () => stateOf(zombie) === 'Z');
    assert.equal(isAlive(zombie), false);
    assert.equal(isAlive(parent.pid ?? 0), true);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('isOlderThan: compares a process with a file; false if one is missing', { skip }, () => {
  using folder = new TempFolder();
  const path = folder.write('pid', '');
  assert.deepEqual([isOlderThan(process.pid, path), isYoungerThan(process.pid, path)], [true, false]);
  const hourBefore = Date.now() / 1000 - 3600;
  utimesSync(path, hourBefore, hourBefore);
  assert.deepEqual([isOlderThan(process.pid, path), isYoungerThan(process.pid, path)], [false, true]);
  for (const [pid, file] of [
    [4_194_303, path],
    [process.pid, folder.file('missing')],
  ] as const) {
    assert.deepEqual([isOlderThan(pid, file), isYoungerThan(pid, file)], [false, false]);
  }
});

test('process facts: of this process', { skip }, () => {
  using folder = new TempFolder();
  assert.equal(isSameProgram(process.pid), true);
  assert.equal(hasSameOwner(folder.write('pid', ''), process.pid), true);
  assert.match(startOf(process.pid) ?? '', /^[0-9a-f-]{36}:\d+$/);
  assert.ok((processMemoryBytes(process.pid) ?? 0) > 1024 * 1024);
  assert.deepEqual([startOf(4_194_303), processMemoryBytes(4_194_303), stateOf(4_194_303)], [null, null, null]);
});

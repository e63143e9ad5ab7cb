import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

test('the pid file: written when the router listens, removed when it stops', async () => {
  using folder = new TempFolder();
  const file = folder.file('router.pid');
  await using router = await RouterProcess.start(['--pid-file', file]);
  assert.equal(readFileSync(file, 'utf8'), `${router.pid}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o644);
  router.signal('SIGTERM');
  assert.equal((await router.exited).code, 0);
  assert.equal(existsSync(file), false);
});

test('a pid file of a running router: the start is refused, the file unchanged', async () => {
  using folder = new TempFolder();
  const file = folder.file('router.pid');
  await using first = await RouterProcess.start(['--pid-file', file]);
  await using second = new SpawnedRouter(['--pid-file', file]);
  assert.deepEqual(await second.exited, { code: 1, signal: null });
  assert.match(second.output, new RegExp(`router\\.pid: a router is running already, with pid ${first.pid}\n`));
  assert.equal(readFileSync(file, 'utf8'), `${first.pid}\n`);
  assert.equal((await first.status()).state, 'ready', 'it is not disturbed: its control socket is its own');
});

for (const [name, content] of [
  ['of a process that is gone', '4194303\n'],
  ['without a pid in it', 'hello\n'],
  ['that is empty', ''],
] as const) {
  test(`a pid file ${name}: replaced`, async () => {
    using folder = new TempFolder();
    const file = folder.write('router.pid', content);
    await using router = await RouterProcess.start(['--pid-file', file]);
    assert.equal(readFileSync(file, 'utf8'), `${router.pid}\n`);
  });
}

test('a pid file whose pid was reused by another program: replaced', async () => {
  using folder = new TempFolder();
  const sleeping = spawn('sleep', ['60'], { stdio: 'ignore' });
  // the same program as a router, but younger than the file: pids are reused after a reboot
  const node = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    for (const { pid } of [sleeping, node]) {
      const file = folder.write('router.pid', `${pid}\n`);
      const dayBefore = Date.now() / 1000 - 86_400;
      utimesSync(file, dayBefore, dayBefore);
      await using router = await RouterProcess.start(['--pid-file', file]);
      assert.equal(readFileSync(file, 'utf8'), `${router.pid}\n`);
    }
  } finally {
    sleeping.kill();
    node.kill();
  }
});

test('stale files of a killed router: replaced by the next start', async () => {
  using folder = new TempFolder();
  const args = ['--pid-file', folder.file('router.pid')];
  await using killed = await RouterProcess.start(args, { folder });
  killed.signal('SIGKILL');
  await killed.exited;
  assert.equal(existsSync(killed.socketPath), true);
  await using router = await RouterProcess.start(args, { folder });
  assert.equal((await router.status()).pid, router.pid);
});

test('a pid file that is a symlink: refused, its target unchanged', async () => {
  using folder = new TempFolder();
  const target = folder.write('precious', 'do not touch\n');
  symlinkSync(target, folder.file('router.pid'));
  await using router = new SpawnedRouter(['--pid-file', folder.file('router.pid')]);
  assert.equal((await router.exited).code, 1);
  assert.match(router.output, /router\.pid: is not a regular file/);
  assert.equal(readFileSync(target, 'utf8'), 'do not touch\n');
});

test('a missing folder: refused with the path', async () => {
  await using router = new SpawnedRouter(['--pid-file', '/nonexistent/router.pid']);
  assert.equal((await router.exited).code, 1);
  assert.match(router.output, /\/nonexistent\/router\.(pid|sock)/);
  assert.doesNotMatch(router.output, /\n\s+at /);
});

test('a pid file that another router has replaced: not removed', async () => {
  using folder = new TempFolder();
  const file = folder.file('router.pid');
  await using router = await RouterProcess.start(['--pid-file', file]);
  folder.write('router.pid', '12345678\n');
  router.signal('SIGTERM');
  await router.exited;
  assert.equal(readFileSync(file, 'utf8'), '12345678\n');
});

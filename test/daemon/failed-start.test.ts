import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { SmallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { commandLine, DaemonFixture, readPid } from './daemon-fixture.ts';

/** A failed command prints one readable block; an interrupted start is undone. */

const needsDisk = { skip: whyNoSmallDisk() };

test(
  'disk full under the log and the pid file: the reason names it, although the log is empty',
  needsDisk,
  async () => {
    await using fixture = new DaemonFixture();
    using disk = new SmallDisk(fixture.folder.file('disk'), '64k');
    disk.fill(0);
    const paths = ['--pid-file', disk.file('router.pid'), '--log-file', disk.file('router.log')];
    const run = await fixture.run(['--daemon-start', ...paths, '--host', '127.0.0.1', '--port', '0']);
    assert.equal(run.code, 1);
    assert.equal(
      run.stderr,
      `❌ The daemon did not start: no space left on the device: ${disk.path}; free some space and start again\n` +
        `📝 Log: ${disk.file('router.log')}\n`,
    );
    await endPm2(fixture);
  },
);

for (const freeKiB of [0, 4, 8, 16, 32]) {
  test(`PM2_HOME with ${freeKiB} KiB free: a message without a stack trace`, needsDisk, async () => {
    await using fixture = new DaemonFixture();
    using disk = new SmallDisk(fixture.folder.file('disk'), '256k');
    disk.fill(freeKiB);
    const env = { PM2_HOME: disk.file('pm2') };
    const run = await fixture.run(['--daemon-start', ...fixture.options], { env });
    assert.equal(run.code, 1, run.stdout);
    assert.match(run.stderr, /^❌ No space left on the device of PM2_HOME: \S+; free some space or set PM2_HOME.*\n$/);
    assert.equal(readPid(disk.file('pm2/pm2.pid')), null, 'PM2 was not launched');
  });
}

test(
  "PM2's home becomes full: --daemon-restart refuses before it stops the router, --daemon-stop works",
  needsDisk,
  async () => {
    await using fixture = new DaemonFixture();
    using disk = new SmallDisk(fixture.home, '1m');
    await fixture.start();
    const { pid } = fixture;
    disk.fill(0);
    const restart = await fixture.run(['--daemon-restart']);
    assert.equal(restart.code, 1);
    assert.match(restart.stderr, /^❌ No space left on the device of PM2_HOME: /);
    assert.equal((await fixture.status()).pid, pid);
    assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
    await endPm2(fixture);
  },
);

test('a removed working folder: an error message, or no effect', async () => {
  await using fixture = new DaemonFixture();
  const gone = fixture.folder.file('gone');
  const inGone = (args: readonly string[]) => {
    mkdirSync(gone, { recursive: true });
    const script = 'cd "$0" && rmdir "$0" && exec "$@"';
    const run = spawnSync('sh', ['-c', script, gone, ...commandLine(args)], {
      encoding: 'utf8',
      env: fixture.environment(),
    });
    return { code: run.status, text: run.stdout + run.stderr };
  };
  const message =
    '❌ the working folder does not exist any more; change to another one (cd) and run the command again\n';
  const start = ['--daemon-start', ...fixture.options];
  assert.deepEqual(inGone(start), { code: 1, text: message });
  assert.match(inGone([...start, '--lang', 'ru']).text, /^❌ текущая папка удалена; перейдите в другую/);
  const foreground = inGone(['--pid-file', 'relative.pid', '--host', '127.0.0.1', '--port', '0']);
  assert.equal(foreground.code, 1);
  assert.match(foreground.text, /\[CRITICAL\] Cannot start: the working folder does not exist any more; .*\n$/);
  await fixture.start();
  assert.equal(inGone(['--daemon-status']).code, 0);
  assert.deepEqual(inGone(['--daemon-reload']), { code: 1, text: message });
  assert.equal(inGone(['--daemon-stop', ...fixture.paths]).code, 0);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} during --daemon-start: undoes the start with a message`, async () => {
    await using fixture = new DaemonFixture();
    await fixture.start();
    assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
    // a router that never becomes ready
    const preload = fixture.folder.write(
      'never.cjs',
      'setInterval(() => {}, 1000); while (true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);',
    );
    const args = ['--daemon-start', '--no-log-rotation', `--node-options=--require=${preload}`, ...fixture.options];
    const [program = '', ...rest] = commandLine(args);
    const child = spawn(program, rest, { env: fixture.environment(), stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    await poll('the router under PM2', async () => (await fixture.pm2List()).some(({ pid }) => pid > 0), {
      limitMs: 20_000,
    });
    child.kill(signal);
    const ended = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(ended, code, stderr);
    assert.equal(stderr, 'Interrupted, undoing the start…\n❌ Interrupted: the daemon was not started\n');
    assert.deepEqual(await fixture.pm2List(), []);
    assert.equal(existsSync(fixture.pidFile), false);
  });
}

/** PM2 keeps files of the small disk open. */
async function endPm2(fixture: DaemonFixture): Promise<void> {
  await fixture.pm2(['kill']);
}

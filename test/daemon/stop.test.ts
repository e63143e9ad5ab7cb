import assert from 'node:assert/strict';
import { chownSync, existsSync, readFileSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { poll, quiet } from '../support/poll.ts';
import { DaemonFixture, ROOT, signal } from './daemon-fixture.ts';

const RUSSIAN = { env: { LANG: 'ru_RU.UTF-8', LC_ALL: '' } };
/** Longer than the restart delay of PM2. */
const RESPAWN_MS = 500;

test('--daemon-stop: ends the daemon gracefully and removes it from PM2', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const { pid } = fixture;
  const { code, stdout, stderr } = await fixture.run(['--daemon-stop'], RUSSIAN);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, `🛑 Остановка daemon с PID: ${pid}\n✅ Daemon остановлен (SIGTERM)\n`);
  assert.equal(signal(pid, 0), false);
  assert.equal(existsSync(fixture.pidFile), false);
  assert.deepEqual(await fixture.pm2List(), []);
  await quiet(RESPAWN_MS);
  assert.equal(fixture.log.match(/Startup/g)?.length, 1, 'PM2 did not start it again');
  assert.match(fixture.log, /RPC Dart Router stopped/);

  const again = await fixture.run(['--daemon-stop', ...fixture.paths], RUSSIAN);
  assert.deepEqual([again.code, again.stderr], [3, '❌ Daemon не запущен\n']);
});

test('a plain kill: stops the daemon; PM2 does not restart it', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const { pid } = fixture;
    signal(pid, name);
    await poll('the end', () => !signal(pid, 0), { limitMs: 10_000 });
    await quiet(RESPAWN_MS);
    const status = await fixture.run(['--daemon-status', '--json', ...fixture.paths]);
    assert.deepEqual([status.code, JSON.parse(status.stdout).state], [3, 'notRunning']);
    await fixture.start();
  }
  assert.equal(fixture.log.match(/Startup/g)?.length, 3);
});

test('--daemon-stop: a frozen daemon is killed after the grace period and not restarted', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const { pid } = fixture;
  signal(pid, 'SIGSTOP');
  const { code, stdout, stderr } = await fixture.run(['--daemon-stop'], { main: impatientMain(fixture, 1000) });
  assert.equal(code, 0);
  assert.equal(stderr, '⚠️  The process did not end within 1 s, sending SIGKILL…\n');
  assert.match(stdout, /✅ Daemon stopped by force \(SIGKILL\)\n$/);
  assert.equal(signal(pid, 0), false);
  assert.equal(existsSync(fixture.pidFile), false);
  assert.deepEqual(await fixture.pm2List(), []);
  await quiet(RESPAWN_MS);
  assert.equal(fixture.log.match(/Startup/g)?.length, 1);
});

/** The program with a shorter time between SIGTERM and SIGKILL. */
function impatientMain(fixture: DaemonFixture, killAfterMs: number): string {
  const program = pathToFileURL(`${ROOT}dist/commands.js`).href;
  return fixture.folder.write(
    'impatient.mjs',
    `import { runCommandLine } from '${program}';
const { argv, env, stdin, stdout, stderr } = process;
process.exitCode = await runCommandLine({ argv: argv.slice(2), env, stdin, stdout, stderr, killAfterMs: ${killAfterMs} });
setTimeout(() => process.exit(), 1000).unref();
`,
  );
}

test('a stale pid file: removed without launching PM2', async () => {
  await using fixture = new DaemonFixture();
  for (const stale of ['999999999', String(process.pid)]) {
    fixture.folder.write('router.pid', `${stale}\n`);
    utimesSync(fixture.pidFile, 1e9, 1e9); // older than this process
    const { code, stdout, stderr } = await fixture.run(['--daemon-stop', ...fixture.paths]);
    assert.equal(code, 3);
    assert.equal(stdout, `🧹 Removed a stale PID file: ${fixture.pidFile}\n`);
    assert.equal(stderr, '❌ Daemon is not running\n');
    assert.equal(existsSync(fixture.pidFile), false);
  }
  assert.equal(existsSync(fixture.home), false);
});

test('a pid file of another user: --daemon-stop stops nothing', {
  skip: process.getuid?.() !== 0 && 'only root can make one',
}, async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const forged = fixture.folder.write('forged.pid', `${fixture.pid}\n`);
  chownSync(forged, 65_534, 65_534);
  const { code } = await fixture.run(['--daemon-stop', '--name', 'other', '--pid-file', forged]);
  assert.equal(code, 3);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0);
});

test('the pid file of another program: not removed', async () => {
  await using fixture = new DaemonFixture();
  const path = fixture.folder.write('program.pid', `${process.pid}\n`);
  for (const command of ['--daemon-stop', '--daemon-status', '--daemon-reload', '--daemon-restart']) {
    const { code, stderr } = await fixture.run([command, '--pid-file', path]);
    assert.equal(code, 3, command);
    assert.ok(stderr.endsWith(`⚠️  ${path} holds the PID ${process.pid} of another program; left alone\n`), stderr);
  }
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
});

test('another program of the same name in PM2: not touched', async () => {
  await using fixture = new DaemonFixture();
  const script = fixture.folder.write('main.js', 'setInterval(() => {}, 1000);\n');
  assert.equal((await fixture.pm2(['start', script, '--name', 'other'])).code, 0);
  for (const command of ['--daemon-start', '--daemon-stop', '--daemon-restart', '--daemon-status', '--daemon-reload']) {
    const { code, stderr } = await fixture.run([command, '--name', 'other', ...fixture.options]);
    assert.equal(code, 1, command);
    assert.match(stderr, /PM2 already runs another program as other: .*main\.js; choose another --name/);
  }
  assert.deepEqual(
    (await fixture.pm2List()).map(({ name, pm2_env }) => [name, pm2_env.status, pm2_env.restart_time]),
    [['other', 'online', 0]],
  );
});

test('a daemon in PM2 state stopped: reported as not running, removed from PM2', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  assert.equal((await fixture.pm2(['stop', 'rpc-dart-router'])).code, 0);
  assert.match(readFileSync(fixture.logFile, 'utf8'), /RPC Dart Router stopped/, 'pm2 stop is graceful too');
  assert.equal((await fixture.run(['--daemon-status'])).code, 3);
  const { code, stdout } = await fixture.run(['--daemon-stop']);
  assert.deepEqual([code, stdout], [3, '🧹 Removed from PM2: rpc-dart-router\n']);
  assert.deepEqual(await fixture.pm2List(), []);
});

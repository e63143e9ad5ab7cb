import assert from 'node:assert/strict';
import { chownSync, existsSync, readFileSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { poll, quiet } from '../support/poll.ts';
import { DaemonBed, ROOT, signal } from './daemon-bed.ts';

const RUSSIAN = { env: { LANG: 'ru_RU.UTF-8', LC_ALL: '' } };
/** Longer than PM2 waits before it starts a process again. */
const RESPAWN_MS = 500;

test('--daemon-stop ends the daemon gracefully and takes it out of PM2', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  const { pid } = bed;
  const { code, stdout, stderr } = await bed.run(['--daemon-stop'], RUSSIAN);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, `🛑 Остановка daemon с PID: ${pid}\n✅ Daemon остановлен (SIGTERM)\n`);
  assert.equal(signal(pid, 0), false);
  assert.equal(existsSync(bed.pidFile), false);
  assert.deepEqual(await bed.pm2List(), []);
  await quiet(RESPAWN_MS);
  assert.equal(bed.log.match(/Startup/g)?.length, 1, 'PM2 did not start it again');
  assert.match(bed.log, /RPC Dart Router stopped/);

  const again = await bed.run(['--daemon-stop', ...bed.places], RUSSIAN);
  assert.deepEqual([again.code, again.stderr], [3, '❌ Daemon не запущен\n']);
});

test('a plain kill stops the daemon too: PM2 does not start it again', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const { pid } = bed;
    signal(pid, name);
    await poll('the end', () => !signal(pid, 0), { limitMs: 10_000 });
    await quiet(RESPAWN_MS);
    const status = await bed.run(['--daemon-status', '--json', ...bed.places]);
    assert.deepEqual([status.code, JSON.parse(status.stdout).state], [3, 'notRunning']);
    await bed.start();
  }
  assert.equal(bed.log.match(/Startup/g)?.length, 3);
});

test('--daemon-stop: a frozen daemon is killed after the grace period, and stays dead', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  const { pid } = bed;
  signal(pid, 'SIGSTOP');
  const { code, stdout, stderr } = await bed.run(['--daemon-stop'], { main: impatientMain(bed, 1000) });
  assert.equal(code, 0);
  assert.equal(stderr, '⚠️  The process did not end within 1 s, sending SIGKILL…\n');
  assert.match(stdout, /✅ Daemon stopped by force \(SIGKILL\)\n$/);
  assert.equal(signal(pid, 0), false);
  assert.equal(existsSync(bed.pidFile), false);
  assert.deepEqual(await bed.pm2List(), []);
  await quiet(RESPAWN_MS);
  assert.equal(bed.log.match(/Startup/g)?.length, 1);
});

/** The program with another time between SIGTERM and SIGKILL. */
function impatientMain(bed: DaemonBed, killAfterMs: number): string {
  const program = pathToFileURL(`${ROOT}dist/index.js`).href;
  return bed.folder.write(
    'impatient.mjs',
    `import { runCommandLine } from '${program}';
const { argv, env, stdin, stdout, stderr } = process;
process.exitCode = await runCommandLine({ argv: argv.slice(2), env, stdin, stdout, stderr, killAfterMs: ${killAfterMs} });
setTimeout(() => process.exit(), 1000).unref();
`,
  );
}

test('a stale pid file is removed, and PM2 is not launched to find out', async () => {
  await using bed = new DaemonBed();
  for (const stale of ['999999999', String(process.pid)]) {
    bed.folder.write('router.pid', `${stale}\n`);
    utimesSync(bed.pidFile, 1e9, 1e9); // from before this process got its pid
    const { code, stdout, stderr } = await bed.run(['--daemon-stop', ...bed.places]);
    assert.equal(code, 3);
    assert.equal(stdout, `🧹 Removed a stale PID file: ${bed.pidFile}\n`);
    assert.equal(stderr, '❌ Daemon is not running\n');
    assert.equal(existsSync(bed.pidFile), false);
  }
  assert.equal(existsSync(bed.home), false);
});

test('a pid file that somebody else wrote stops nothing', {
  skip: process.getuid?.() !== 0 && 'only root can make one',
}, async () => {
  await using bed = new DaemonBed();
  await bed.start();
  const forged = bed.folder.write('forged.pid', `${bed.pid}\n`);
  chownSync(forged, 65_534, 65_534);
  const { code } = await bed.run(['--daemon-stop', '--name', 'other', '--pid-file', forged]);
  assert.equal(code, 3);
  assert.equal((await bed.run(['--daemon-status'])).code, 0);
});

test('the pid file of another program is left alone', async () => {
  await using bed = new DaemonBed();
  const path = bed.folder.write('program.pid', `${process.pid}\n`);
  for (const command of ['--daemon-stop', '--daemon-status', '--daemon-reload', '--daemon-restart']) {
    const { code, stderr } = await bed.run([command, '--pid-file', path]);
    assert.equal(code, 3, command);
    assert.ok(stderr.endsWith(`⚠️  ${path} holds the PID ${process.pid} of another program; left alone\n`), stderr);
  }
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
});

test('another program of the same name in PM2 is left alone', async () => {
  await using bed = new DaemonBed();
  const script = bed.folder.write('main.js', 'setInterval(() => {}, 1000);\n');
  assert.equal((await bed.pm2(['start', script, '--name', 'other'])).code, 0);
  for (const command of ['--daemon-start', '--daemon-stop', '--daemon-restart', '--daemon-status', '--daemon-reload']) {
    const { code, stderr } = await bed.run([command, '--name', 'other', ...bed.options]);
    assert.equal(code, 1, command);
    assert.match(stderr, /PM2 already runs another program as other: .*main\.js; choose another --name/);
  }
  assert.deepEqual(
    (await bed.pm2List()).map(({ name, pm2_env }) => [name, pm2_env.status, pm2_env.restart_time]),
    [['other', 'online', 0]],
  );
});

test('a daemon that PM2 holds as stopped is not running, and is taken out', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  assert.equal((await bed.pm2(['stop', 'rpc-dart-router'])).code, 0);
  assert.match(readFileSync(bed.logFile, 'utf8'), /RPC Dart Router stopped/, 'pm2 stop is graceful too');
  assert.equal((await bed.run(['--daemon-status'])).code, 3);
  const { code, stdout } = await bed.run(['--daemon-stop']);
  assert.deepEqual([code, stdout], [3, '🧹 Removed from PM2: rpc-dart-router\n']);
  assert.deepEqual(await bed.pm2List(), []);
});

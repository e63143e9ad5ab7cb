import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, type Run, signal } from './daemon-fixture.ts';

/** Two PM2 homes on one host: commands of one show the router of the other but do not control it. */

const CHANGING = ['stop', 'restart', 'reload', 'reload --max-groups 3'] as const;

/** A unique name gives unique default paths; their files in /tmp are removed at the end. */
class DefaultPaths implements Disposable {
  readonly name = `fixture-${process.pid}-${performance.now()}`.replace('.', '-');
  readonly options = ['--name', this.name];
  readonly pidFile = `/tmp/rpc_dart_router.${this.name}.pid`;

  [Symbol.dispose](): void {
    for (const end of ['pid', 'sock', 'log']) rmSync(`/tmp/rpc_dart_router.${this.name}.${end}`, { force: true });
  }
}

function inHome(fixture: DaemonFixture, home: string, args: readonly string[]): Promise<Run> {
  return fixture.run(args, { env: { PM2_HOME: fixture.folder.file(home) } });
}

test('a router on the default paths: controlled only with its own PM2 home or by its pid file', async () => {
  await using fixture = new DaemonFixture();
  using paths = new DefaultPaths();
  const start = ['--daemon-start', ...paths.options, '--host', '127.0.0.1', '--port', '0', '--no-log-rotation'];
  assert.equal((await inHome(fixture, 'b', start)).code, 0);
  assert.equal((await inHome(fixture, 'b', ['--daemon-stop', ...paths.options])).code, 0);
  assert.equal((await inHome(fixture, 'a', start)).code, 0);
  const { pid } = JSON.parse((await inHome(fixture, 'a', ['--daemon-status', '--json', ...paths.options])).stdout);

  const other = `PM2_HOME=${fixture.folder.file('a')} rpc-dart-router --daemon-`;
  for (const command of CHANGING) {
    const run = await inHome(fixture, 'b', [...`--daemon-${command}`.split(' '), ...paths.options]);
    assert.equal(run.code, 3, command);
    assert.ok(run.stderr.startsWith('❌ Daemon is not running\n💡 Another router runs here with PID'), run.stderr);
    assert.ok(run.stderr.includes(`; to command it: ${other}${command.split(' ')[0]}\n`), run.stderr);
    assert.equal(signal(pid, 0), true, command);
  }
  const second = await inHome(fixture, 'b', start);
  assert.equal(second.code, 1);
  assert.ok(second.stderr.startsWith(`❌ Daemon is already running with PID: ${pid}\n💡`), second.stderr);

  const shown = await inHome(fixture, 'b', ['--daemon-status', ...paths.options]);
  assert.equal(shown.code, 0);
  assert.ok(shown.stdout.startsWith(`✅ Daemon is running with PID: ${pid}\n👤 It runs under the user `), shown.stdout);
  assert.ok(
    shown.stdout.includes(`PM2_HOME=${fixture.folder.file('a')}\n💡 To command it: ${other}stop\n`),
    shown.stdout,
  );
  assert.doesNotMatch(shown.stdout, /PM2 does not supervise/);
  const report = JSON.parse((await inHome(fixture, 'b', ['--daemon-status', '--json', ...paths.options])).stdout);
  assert.deepEqual([report.state, report.pid, report.owner.pm2Home], ['running', pid, fixture.folder.file('a')]);
  assert.match((await inHome(fixture, 'b', ['--daemon-logs', ...paths.options])).stdout, /Ready to accept connections/);
  assert.match((await inHome(fixture, 'b', ['--top', ...paths.options])).stdout, /\d/);

  const named = [...paths.options, '--pid-file', paths.pidFile];
  assert.equal((await inHome(fixture, 'b', ['--daemon-reload', ...named])).code, 0, 'a given pid file names it');
  for (const args of [
    ['--daemon-restart', ...named],
    ['--daemon-reload', '--max-groups', '3', ...named],
  ]) {
    const run = await inHome(fixture, 'b', args);
    assert.equal(run.code, 1, 'its options are not known here');
    assert.equal(signal(pid, 0), true);
  }
  assert.equal((await inHome(fixture, 'b', ['--daemon-stop', ...named])).code, 0);
  assert.equal(signal(pid, 0), false);
});

test('saved options: do not identify a router, since another may use the same paths', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(); // in the home of the fixture
  signal(fixture.pm2Pid, 'SIGKILL');
  const first = fixture.pid;
  signal(first, 'SIGKILL');
  await poll('its end', () => !signal(first, 0));
  assert.ok(existsSync(fixture.pidFile));
  assert.equal((await inHome(fixture, 'a', ['--daemon-start', ...fixture.options, '--no-log-rotation'])).code, 0);
  const { pid } = fixture;
  for (const command of CHANGING) {
    assert.equal((await fixture.run(`--daemon-${command}`.split(' '))).code, 3, command);
    assert.equal(signal(pid, 0), true, command);
  }
  assert.equal((await inHome(fixture, 'a', ['--daemon-stop'])).code, 0);
});

test('a given pid file of another router than that in PM2: selects the other router', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const pidFile = fixture.folder.file('other.pid');
  const paths = ['--pid-file', pidFile, '--log-file', fixture.folder.file('other.log')];
  const start = ['--daemon-start', ...paths, '--host', '127.0.0.1', '--port', '0', '--no-log-rotation'];
  assert.equal((await inHome(fixture, 'a', start)).code, 0);
  const { pid } = fixture;
  assert.equal((await fixture.run(['--daemon-stop', '--pid-file', pidFile])).code, 0);
  assert.equal(existsSync(pidFile), false);
  assert.equal(signal(pid, 0), true);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0, 'and its kept options are still there');
});

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, MAIN, ROOT, signal } from './daemon-fixture.ts';

/** The daemon commands for a router with several workers. */

async function workerPids(fixture: DaemonFixture): Promise<number[]> {
  return ((await fixture.status()).workers ?? []).map(({ pid }) => pid);
}

/** A copy of the installed program in the fixture's folder, with changes to its files. */
function installCopy(fixture: DaemonFixture, name: string, replace: (source: string) => string): string {
  const folder = fixture.folder.file(name);
  mkdirSync(folder);
  cpSync(dirname(MAIN), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const chunks = join(folder, 'dist/chunks');
  for (const file of readdirSync(chunks).filter((chunk) => chunk.endsWith('.js'))) {
    const source = readFileSync(join(chunks, file), 'utf8');
    if (replace(source) !== source) writeFileSync(join(chunks, file), replace(source));
  }
  return join(folder, 'dist/main.js');
}

test('start, status, reload, rolling restart and stop of a daemon with workers; PM2 has one process', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--workers', '2', '--max-connections', '50']);
  const { pid } = fixture;
  const pids = await workerPids(fixture);
  const { stdout } = await fixture.run(['--daemon-status']);
  assert.match(stdout, /🔗 Connections: 0 of 50\n👥 Clients: 0\n🧵 Workers: 2\n/);
  for (const [i, worker] of pids.entries()) {
    const line = ` {3}• ${i + 1}: PID ${worker}, connections 0 of 25, clients 0, memory \\d+\\.\\dMB, CPU \\d+\\.\\d%`;
    assert.match(stdout, new RegExp(`^${line}$`, 'mu'));
  }
  const { memoryBytes, router } = JSON.parse((await fixture.run(['--daemon-status', '--json'])).stdout);
  assert.equal(memoryBytes, router.memory.rssBytes);
  assert.deepEqual(
    (await fixture.pm2List()).map((entry) => [entry.name, entry.pid]),
    [['rpc-dart-router', pid]],
  );
  const reload = await fixture.run(['--daemon-reload', '--max-groups', '9']);
  assert.deepEqual([reload.code, reload.stderr], [0, '']);
  const rolling = await fixture.run(['--daemon-restart', '--rolling']);
  assert.deepEqual([rolling.code, rolling.stderr], [0, '']);
  assert.match(
    rolling.stdout,
    /one at a time\n {3}worker 1 of 2: .*\n {3}worker 2 of 2: .*\n✅ All workers run version/,
  );
  assert.equal(fixture.pid, pid);
  assert.equal((await workerPids(fixture)).filter((worker) => pids.includes(worker)).length, 0);
  const changed = await fixture.run(['--daemon-restart', '--rolling', '--max-groups', '8']);
  assert.deepEqual([changed.code, changed.stdout], [2, '']);
  assert.match(changed.stderr, /keeps the options of the router; use --daemon-reload for --max-groups/);
  const last = await workerPids(fixture);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  assert.deepEqual(
    last.filter((worker) => signal(worker, 0)),
    [],
  );
});

test('a rolling restart by a program with other messages makes a full restart and says so', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--workers', '2']);
  const { pid } = fixture;
  const main = installCopy(fixture, 'next', (source) => source.replace('WORKER_PROTOCOL = 1', 'WORKER_PROTOCOL = 2'));
  const { code, stdout, stderr } = await fixture.run(['--daemon-restart', '--rolling'], { main });
  assert.equal(code, 0);
  assert.match(stderr, /do not fit the running router .*: it is restarted in full/);
  assert.match(stdout, /✅ Daemon is running with PID/);
  assert.notEqual(fixture.pid, pid);
  assert.equal((await workerPids(fixture)).length, 2);
});

test('--rolling with one process is refused, and nothing happens', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const { pid } = fixture;
  const { code, stderr } = await fixture.run(['--daemon-restart', '--rolling']);
  assert.equal(code, 1);
  assert.match(stderr, /--rolling requires a router with --workers 2 or more/);
  assert.equal(fixture.pid, pid);
});

test('after a crash PM2 starts the version that the symbolic link names by then', async () => {
  await using fixture = new DaemonFixture();
  const [current, next] = [fixture.folder.file('current'), fixture.folder.file('link')];
  installCopy(fixture, 'old', (source) => source);
  installCopy(fixture, 'new', (source) => source.replace('===== RPC Dart Router Daemon Startup', '===== Next Startup'));
  symlinkSync('old', current);
  await fixture.start(['--workers', '2'], { main: join(current, 'dist/main.js') });
  symlinkSync('new', next);
  renameSync(next, current);
  const { pid } = fixture;
  process.kill(pid, 'SIGKILL');
  await poll('the next version to run', () => fixture.log.includes('Next Startup'));
});

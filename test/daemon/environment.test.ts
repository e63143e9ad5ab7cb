import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, MAIN, ROOT, signal } from './daemon-fixture.ts';

/** The daemon does not depend on the shell that started it, nor on the install path. */

async function respawn(fixture: DaemonFixture): Promise<void> {
  const { pid } = fixture;
  signal(pid, 'SIGKILL');
  const back = async (): Promise<boolean> => (await fixture.status()).pid !== pid;
  await poll('the respawn', () => back().catch(() => false), { limitMs: 20_000 });
}

test('an install path with spaces, quotes, Cyrillic letters and a leading dash: the daemon runs', async () => {
  await using fixture = new DaemonFixture();
  const folder = fixture.folder.file(`-my "router's" роутер $HOME=1`);
  mkdirSync(folder);
  cpSync(dirname(MAIN), join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
  const main = join(folder, 'dist/main.js');
  const rotator = ['--log-rotation', '--log-rotator', 'pm2-logrotate'];
  const started = await fixture.run(['--daemon-start', ...fixture.options, ...rotator], { main });
  assert.deepEqual([started.code, started.stderr], [0, '']);
  assert.ok(readFileSync(`/proc/${fixture.pid}/cmdline`, 'utf8').split('\0').includes(main));
  const list = await fixture.pm2List();
  assert.deepEqual(
    list.map(({ name, pm2_env }) => [name, pm2_env.status]),
    [
      ['rpc-dart-router', 'online'],
      ['rpc-dart-router-logrotate', 'online'],
    ],
  );
  await respawn(fixture);
  assert.equal((await fixture.run(['--daemon-restart'], { main })).code, 0);
  assert.equal((await fixture.run(['--daemon-stop'], { main })).code, 0);
});

test('a removed start folder: relative paths keep their meaning', async () => {
  await using fixture = new DaemonFixture();
  const cwd = fixture.folder.file('shell');
  mkdirSync(cwd);
  fixture.folder.write('tokens', `phone: ${'t'.repeat(32)}\n`);
  fixture.folder.write('config.yaml', 'host: 127.0.0.1\nport: 0\nauth-tokens-file: ../tokens\n');
  const env = { ROUTER_PORTS_FILE: '../ports.json' };
  const args = ['--daemon-start', '--config', '../config.yaml', '--no-log-rotation'];
  const paths = ['--pid-file', '../router.pid', '--log-file', '../router.log'];
  const started = await fixture.run([...args, ...paths], { cwd, env });
  assert.equal(started.code, 0, started.stderr);
  rmSync(cwd, { recursive: true });
  await respawn(fixture);
  assert.equal(JSON.parse(readFileSync(fixture.folder.file('ports.json'), 'utf8')).pid, (await fixture.status()).pid);
  assert.ok(!readlinkSync(`/proc/${fixture.pm2Pid}/cwd`).includes('(deleted)'), 'PM2 does not run there either');
  mkdirSync(cwd); // `..` of a removed folder is found by its name only
  assert.match((await fixture.run(['--daemon-reload'])).stdout, /nothing changed/);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0);
});

test('NODE_OPTIONS of the shell: not passed on without --node-options', async () => {
  await using fixture = new DaemonFixture();
  const preload = fixture.folder.write('preload.cjs', '');
  const NODE_OPTIONS = `--require=${preload}`;
  const started = await fixture.start([], { env: { NODE_OPTIONS } });
  assert.match(started.stderr, /NODE_OPTIONS of this shell is not passed on to the daemon.*--node-options=--require=/);
  for (const pid of [fixture.pid, fixture.pm2Pid]) assert.doesNotMatch(environmentOf(pid), /NODE_OPTIONS=/);
  assert.equal((await fixture.run(['--daemon-restart', '--node-options=--max-old-space-size=99'])).code, 0);
  assert.match(environmentOf(fixture.pid), /(^|\0)NODE_OPTIONS=--max-old-space-size=99\0/);
  const failed = await fixture.run(['--daemon-restart', '--node-options=--eval=1']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /did not start: .*--eval=1? is not allowed in NODE_OPTIONS/);
  assert.match(failed.stderr, /runs again with its former options/);
});

test('--daemon-restart: reads the environment again; ROUTER_* of the start stay unless overridden', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start([], {
    env: { ROUTER_MAX_GROUPS: '7', ROUTER_MAX_CONNECTIONS: '70', TZ: 'Asia/Tokyo', TMPDIR: '/gone' },
  });
  const restarted = await fixture.run(['--daemon-restart'], { env: { TZ: 'UTC', ROUTER_MAX_CONNECTIONS: '71' } });
  assert.equal(restarted.code, 0, restarted.stderr);
  const variables = environmentOf(fixture.pid).split('\0');
  for (const wanted of ['TZ=UTC', 'ROUTER_MAX_GROUPS=7', 'ROUTER_MAX_CONNECTIONS=71']) {
    assert.ok(variables.includes(wanted), wanted);
  }
  assert.ok(!variables.some((variable) => variable.startsWith('TMPDIR=')));
});

test('a crash with an external cause: the status shows the line with the cause', async () => {
  await using fixture = new DaemonFixture();
  const preload = fixture.folder.write('preload.cjs', '');
  await fixture.start([`--node-options=--require=${preload}`]);
  renameSync(preload, `${preload}.gone`);
  signal(fixture.pid, 'SIGKILL');
  const shown = await poll(
    'the cause',
    async () => {
      const { stdout } = await fixture.run(['--daemon-status']);
      return stdout.includes('💥') ? stdout : null;
    },
    { limitMs: 20_000 },
  );
  assert.ok(shown.includes(`💥 Cause: Error: Cannot find module '${preload}'\n`), shown);
  renameSync(`${preload}.gone`, preload);
  await poll('the respawn', async () => (await fixture.run(['--daemon-status'])).code === 0, { limitMs: 30_000 });
});

function environmentOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, 'utf8');
}

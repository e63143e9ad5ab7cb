import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonBed, MAIN, ROOT, signal } from './daemon-bed.ts';

/** The daemon does not depend on the shell that it was started from, nor on where the program is installed. */

async function respawn(bed: DaemonBed): Promise<void> {
  const { pid } = bed;
  signal(pid, 'SIGKILL');
  const back = async (): Promise<boolean> => (await bed.status()).pid !== pid;
  await poll('the respawn', () => back().catch(() => false), { limitMs: 20_000 });
}

test('it runs from an install path with spaces, quotes, Cyrillic letters and a leading dash', async () => {
  await using bed = new DaemonBed();
  const folder = bed.folder.file(`-my "router's" роутер $HOME=1`);
  mkdirSync(folder);
  cpSync(dirname(MAIN), join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
  const main = join(folder, 'dist/main.js');
  const rotator = ['--log-rotation', '--log-rotator', 'pm2-logrotate'];
  const started = await bed.run(['--daemon-start', ...bed.options, ...rotator], { main });
  assert.deepEqual([started.code, started.stderr], [0, '']);
  assert.ok(readFileSync(`/proc/${bed.pid}/cmdline`, 'utf8').split('\0').includes(main));
  const list = await bed.pm2List();
  assert.deepEqual(
    list.map(({ name, pm2_env }) => [name, pm2_env.status]),
    [
      ['rpc-dart-router', 'online'],
      ['rpc-dart-router-logrotate', 'online'],
    ],
  );
  await respawn(bed);
  assert.equal((await bed.run(['--daemon-restart'], { main })).code, 0);
  assert.equal((await bed.run(['--daemon-stop'], { main })).code, 0);
});

test('its start folder may be removed; relative paths go on to mean what they meant there', async () => {
  await using bed = new DaemonBed();
  const cwd = bed.folder.file('shell');
  mkdirSync(cwd);
  bed.folder.write('tokens', `phone: ${'t'.repeat(32)}\n`);
  bed.folder.write('config.yaml', 'host: 127.0.0.1\nport: 0\nauth-tokens-file: ../tokens\n');
  const env = { ROUTER_PORTS_FILE: '../ports.json' };
  const args = ['--daemon-start', '--config', '../config.yaml', '--no-log-rotation'];
  const places = ['--pid-file', '../router.pid', '--log-file', '../router.log'];
  const started = await bed.run([...args, ...places], { cwd, env });
  assert.equal(started.code, 0, started.stderr);
  rmSync(cwd, { recursive: true });
  await respawn(bed);
  assert.equal(JSON.parse(readFileSync(bed.folder.file('ports.json'), 'utf8')).pid, (await bed.status()).pid);
  assert.ok(!readlinkSync(`/proc/${bed.pm2Pid}/cwd`).includes('(deleted)'), 'PM2 does not run there either');
  mkdirSync(cwd); // `..` of a folder that is gone is found by its name alone
  assert.match((await bed.run(['--daemon-reload'])).stdout, /nothing changed/);
  assert.equal((await bed.run(['--daemon-restart'])).code, 0);
  assert.equal((await bed.run(['--daemon-status'])).code, 0);
});

test('NODE_OPTIONS of the shell stays there, unless it is asked for', async () => {
  await using bed = new DaemonBed();
  const preload = bed.folder.write('preload.cjs', '');
  const NODE_OPTIONS = `--require=${preload}`;
  const started = await bed.start([], { env: { NODE_OPTIONS } });
  assert.match(started.stderr, /NODE_OPTIONS of this shell is not passed on to the daemon.*--node-options=--require=/);
  for (const pid of [bed.pid, bed.pm2Pid]) assert.doesNotMatch(environmentOf(pid), /NODE_OPTIONS=/);
  assert.equal((await bed.run(['--daemon-restart', '--node-options=--max-old-space-size=99'])).code, 0);
  assert.match(environmentOf(bed.pid), /(^|\0)NODE_OPTIONS=--max-old-space-size=99\0/);
  const failed = await bed.run(['--daemon-restart', '--node-options=--eval=1']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /did not start: .*--eval=1? is not allowed in NODE_OPTIONS/);
  assert.match(failed.stderr, /runs again with its former options/);
});

test('--daemon-restart takes the environment anew; options among it are kept, or replaced by those given now', async () => {
  await using bed = new DaemonBed();
  await bed.start([], {
    env: { ROUTER_MAX_GROUPS: '7', ROUTER_MAX_CONNECTIONS: '70', TZ: 'Asia/Tokyo', TMPDIR: '/gone' },
  });
  const restarted = await bed.run(['--daemon-restart'], { env: { TZ: 'UTC', ROUTER_MAX_CONNECTIONS: '71' } });
  assert.equal(restarted.code, 0, restarted.stderr);
  const variables = environmentOf(bed.pid).split('\0');
  for (const wanted of ['TZ=UTC', 'ROUTER_MAX_GROUPS=7', 'ROUTER_MAX_CONNECTIONS=71']) {
    assert.ok(variables.includes(wanted), wanted);
  }
  assert.ok(!variables.some((variable) => variable.startsWith('TMPDIR=')));
});

test('a crash for a cause outside the router: the status shows the line with the cause', async () => {
  await using bed = new DaemonBed();
  const preload = bed.folder.write('preload.cjs', '');
  await bed.start([`--node-options=--require=${preload}`]);
  renameSync(preload, `${preload}.gone`);
  signal(bed.pid, 'SIGKILL');
  const shown = await poll(
    'the cause',
    async () => {
      const { stdout } = await bed.run(['--daemon-status']);
      return stdout.includes('💥') ? stdout : null;
    },
    { limitMs: 20_000 },
  );
  assert.ok(shown.includes(`💥 Cause: Error: Cannot find module '${preload}'\n`), shown);
  renameSync(`${preload}.gone`, preload);
  await poll('the respawn', async () => (await bed.run(['--daemon-status'])).code === 0, { limitMs: 30_000 });
});

function environmentOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, 'utf8');
}

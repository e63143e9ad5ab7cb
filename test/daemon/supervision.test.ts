import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { HeldMemory } from '../support/held-memory.ts';
import { poll, quiet } from '../support/poll.ts';
import { DaemonFixture, MAIN, ROOT, signal } from './daemon-fixture.ts';

test('a crashed router: restarted with a growing delay; the status contains the count', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-memory', '300M']);
  const [app] = await fixture.pm2List();
  assert.equal(app?.pm2_env.max_memory_restart, 300 * 1024 * 1024);
  for (let crash = 1; crash <= 3; crash++) {
    const { pid } = await fixture.status();
    signal(pid, 'SIGKILL');
    await poll('the respawn', async () => (await fixture.status()).pid !== pid, { limitMs: 10_000, everyMs: 20 });
  }
  const { code, stdout } = await fixture.run(['--daemon-status']);
  assert.equal(code, 0);
  assert.match(stdout, /^🔁 Restarts: 3$/m);
  const delays = [...readFileSync(`${fixture.home}/pm2.log`, 'utf8').matchAll(/will restart in (\d+)ms/g)].map(
    ([, ms]) => ms,
  );
  assert.deepEqual(delays, ['100', '150', '225']);
});

test('a router that keeps crashing: the status shows it, and --daemon-stop stops it', async () => {
  await using fixture = new DaemonFixture();
  const port = await freePort();
  await fixture.start(['--port', String(port)]);
  signal(fixture.pm2Pid, 'SIGSTOP'); // so that the test can occupy the port before the respawn
  signal(fixture.pid, 'SIGKILL');
  await using busy = await poll('the port to be free', () => takePort(port));
  signal(fixture.pm2Pid, 'SIGCONT');
  const shown = await poll(
    'the delay between two crashes',
    async () => {
      const status = await fixture.run(['--daemon-status']);
      return status.stdout.startsWith('❌ The router ended, PM2 starts it again') ? status : null;
    },
    { limitMs: 30_000 },
  );
  assert.equal(shown.code, 1);
  assert.match(
    shown.stdout,
    new RegExp(`\\[CRITICAL\\] Cannot listen on 127\\.0\\.0\\.1:${busy.port}: the port is in use`),
  );
  const stopped = await poll('a stop between two crashes', async () => {
    const run = await fixture.run(['--daemon-stop']);
    return run.code === 0 ? run : null;
  });
  assert.match(stopped.stdout, /✅ Daemon stopped/);
  assert.deepEqual(await fixture.pm2List(), []);
});

test('--max-memory exceeded: PM2 restarts the router gracefully', async () => {
  await using fixture = new DaemonFixture();
  // the default check interval of PM2 is 30 seconds; an idle router is just below the lowest limit
  await fixture.start(['--max-memory', '64M', '--max-message-bytes', '1M'], { env: { PM2_WORKER_INTERVAL: '4000' } });
  using _memory = await HeldMemory.of((await fixture.status()).listening[0]?.port ?? 0, 32);
  await poll('the restart', () => (fixture.log.match(/Startup/g)?.length ?? 0) > 1, { limitMs: 20_000 });
  assert.match(fixture.log, /RPC Dart Router stopped/);
});

test('a configuration error: PM2 does not restart the router', async () => {
  await using fixture = new DaemonFixture();
  const tokens = fixture.folder.write('tokens', 'someone: token\n');
  await fixture.start(['--auth-tokens-file', tokens]);
  chmodSync(tokens, 0o644);
  signal(fixture.pid, 'SIGKILL');
  await poll('PM2 to give it up', async () => (await fixture.pm2List())[0]?.pm2_env.exit_code === 2, {
    limitMs: 20_000,
  });
  await quiet(1000);
  assert.equal((await fixture.pm2List())[0]?.pm2_env.restart_time, 1);
  const status = await fixture.run(['--daemon-status', '--json']);
  assert.equal(status.code, 3);
  assert.deepEqual([JSON.parse(status.stdout).state, JSON.parse(status.stdout).pm2.status], ['notRunning', 'stopped']);
  chmodSync(tokens, 0o600);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0, 'once mended, it comes back with its options');
});

test('a killed PM2: the router keeps running and is found; stale files do not prevent the next start', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  signal(fixture.pm2Pid, 'SIGKILL');
  const { pid } = fixture;
  assert.ok(existsSync(`${fixture.home}/rpc.sock`), 'its socket is still there');
  const status = await fixture.run(['--daemon-status', '--lang', 'ru']);
  assert.equal(status.code, 0);
  assert.match(status.stdout, /⚠️ {2}PM2 не управляет этим процессом/);
  assert.equal(
    (await fixture.run(['--daemon-start', ...fixture.options])).stderr,
    `❌ Daemon is already running with PID: ${pid}\n`,
  );
  assert.equal((await fixture.run(['--daemon-reload', '--max-groups', '3'])).code, 0);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  assert.match((await fixture.run(['--daemon-status'])).stdout, /^🔁 Restarts: 0$/m, 'PM2 looks after it again');
  signal(fixture.pm2Pid, 'SIGKILL');
  const orphan = fixture.pid;
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  assert.equal(existsSync(fixture.pidFile), false);
  await poll('the end of the process', () => !signal(orphan, 0));
  assert.equal((await fixture.run(['--daemon-start', ...fixture.options])).code, 0);
});

test('a hanging PM2: the commands give up after their time limit', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  signal(fixture.pm2Pid, 'SIGSTOP');
  const { code, stderr } = await fixture.run(['--daemon-status', '--lang', 'ru']);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `❌ PM2 не отвечает (getVersion, 10 с); если его daemon завис, завершите его: kill -9 ${fixture.pm2Pid}\n`,
  );
});

test('PM2_HOME too long for a socket: an error message', async () => {
  await using fixture = new DaemonFixture();
  const home = fixture.folder.file('x'.repeat(100));
  const { code, stderr } = await fixture.run(['--daemon-start', ...fixture.options], { env: { PM2_HOME: home } });
  assert.deepEqual([code, stderr], [1, `❌ PM2_HOME is too long for a socket: ${home}; choose a shorter path\n`]);
});

test('a running PM2 of another version: works with one warning line', async () => {
  await using fixture = new DaemonFixture();
  const other = otherVersion(fixture, '6.66.6');
  assert.equal((await fixture.pm2(['ping'], { bin: other })).code, 0);
  const warning = '⚠️  The running PM2 has version 6.66.6, this program 7';
  const commands = [
    ['--daemon-start', ...fixture.options, '--no-log-rotation'],
    ['--daemon-reload', '--max-groups', '3'],
    ['--daemon-restart'],
    ['--daemon-status', '--json'],
    ['--daemon-stop'],
  ];
  for (const command of commands) {
    const { code, stderr, stdout } = await fixture.run(command);
    assert.equal(code, 0, stderr);
    assert.ok(stderr.startsWith(warning) && stderr.trim().split('\n').length === 1, stderr);
    assert.doesNotMatch(stdout, /version 6/);
  }
});

test('pm2 start ecosystem.config.js: the same process, with options from ROUTER_*', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const [byUs] = await fixture.pm2List();
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  const env = {
    ...{
      ROUTER_HOST: '127.0.0.1',
      ROUTER_PORT: '0',
      ROUTER_PID_FILE: fixture.pidFile,
      ROUTER_LOG_FILE: fixture.logFile,
    },
    ...{ ROUTER_MAX_GROUPS: '7', ROUTER_LOG_ROTATION: 'no', MY_PASSWORD: 'hunter2' },
  };
  const run = await fixture.pm2(['start', join(dirname(MAIN), '..', 'ecosystem.config.js')], { env });
  assert.equal(run.code, 0, run.stderr);
  await poll('it to listen', async () => (await fixture.status()).state === 'ready');
  const [byPm2] = await fixture.pm2List();
  for (const key of ALIKE) assert.deepEqual(byPm2?.pm2_env[key], byUs?.pm2_env[key], key);
  assert.doesNotMatch(JSON.stringify(byPm2), /hunter2/);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0);
  const given = await fixture.run(['--daemon-reload', '--max-groups', '8']);
  assert.equal(given.code, 1);
  assert.match(given.stderr, /was not started with --daemon-start/);
  assert.match((await fixture.run(['--daemon-reload'])).stdout, /nothing changed/);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  assert.match(readFileSync(`/proc/${fixture.pid}/environ`, 'utf8'), /ROUTER_MAX_GROUPS=7/);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
});

const ALIKE = [
  ...[
    'name',
    'pm_exec_path',
    'exec_interpreter',
    'node_args',
    'exec_mode',
    'instances',
    'pm_out_log_path',
    'pm_err_log_path',
  ],
  ...[
    'merge_logs',
    'autorestart',
    'exp_backoff_restart_delay',
    'stop_exit_codes',
    'kill_timeout',
    'max_memory_restart',
  ],
];

async function takePort(port: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function freePort(): Promise<number> {
  await using taken = await takePort(0);
  return taken.port;
}

/** A copy of PM2 with another version number, with the rest of node_modules beside it. */
function otherVersion(fixture: DaemonFixture, version: string): string {
  const modules = fixture.folder.file('node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== 'pm2') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  cpSync(join(ROOT, 'node_modules/pm2'), join(modules, 'pm2'), { recursive: true });
  const path = join(modules, 'pm2/package.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version }));
  return join(modules, 'pm2/bin/pm2');
}

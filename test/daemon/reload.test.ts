import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture } from './daemon-fixture.ts';

test('--daemon-reload: prints changes, keeps clients connected; new options survive a restart and a crash', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-groups', '5', '--stats']);
  const { pid } = fixture;
  const session = await connected(fixture);
  const run = await fixture.run(['--daemon-reload', '--max-groups', '9', '--log-level', 'warning', '--lang', 'ru']);
  assert.deepEqual([run.code, run.stderr], [0, '']);
  assert.equal(
    run.stdout,
    `🔄 Отправка SIGHUP процессу ${pid}...\n✅ Конфигурация перезагружена\n   max-groups: 5 -> 9\n   log-level: info -> warning\n`,
  );
  assert.equal((await fixture.status()).connections.current, 1);
  assert.equal(session.closed, false);
  session.destroy();

  const digest = (await fixture.status()).reload.configDigest;
  process.kill(fixture.pid, 'SIGKILL');
  await poll('the respawn', async () => (await fixture.status()).pid !== pid, { limitMs: 10_000, everyMs: 50 });
  assert.equal((await fixture.status()).reload.configDigest, digest, 'after a crash');
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  assert.equal((await fixture.status()).reload.configDigest, digest, 'after a restart');
  assert.deepEqual(kept(fixture).slice(-2), ['--max-groups=9', '--log-level=warning']);
});

test('--daemon-reload: reads the configuration file again', async () => {
  await using fixture = new DaemonFixture();
  const file = fixture.folder.write('config.yaml', 'max-groups: 5\n');
  await fixture.start(['--config', file]);
  const unchanged = await fixture.run(['--daemon-reload']);
  assert.equal(unchanged.code, 0);
  assert.match(unchanged.stdout, /✅ Configuration reloaded: nothing changed/);
  fixture.folder.write('config.yaml', 'max-groups: 6\n');
  assert.match((await fixture.run(['--daemon-reload'])).stdout, /max-groups: 5 -> 6/);
  fixture.folder.write('config.yaml', 'max-groups: many\nprot: 80\n');
  const refused = await fixture.run(['--daemon-reload']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^❌ Reload refused, the old configuration stays in force:\n/);
  assert.match(refused.stderr, /config\.yaml:1: max-groups must be .*, got many/);
  assert.match(refused.stderr, /config\.yaml:2: unknown key prot; did you mean port\?/);
});

test('--daemon-reload: renewed files count as changes; prints the values in force and the start warnings', async () => {
  await using fixture = new DaemonFixture();
  const tokens = fixture.folder.write('tokens', `alice: ${'a'.repeat(32)}\n`);
  await fixture.start(['--auth-tokens-file', tokens]);
  fixture.folder.write('tokens', `alice: ${'a'.repeat(32)}\nbob: ${'b'.repeat(32)}\n`);
  const { code, stdout } = await fixture.run(['--daemon-reload']);
  assert.equal(code, 0);
  assert.match(stdout, /✅ Configuration reloaded\n {3}auth-tokens-file: 1 -> 2 \(\+1\)\n {3}tokens in force: 2\n$/);
  fixture.folder.write('tokens', '');
  const refused = await fixture.run(['--daemon-reload', '--lang', 'ru']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /tokens: нет ни одного токена; добавьте строку «имя: токен»/);
});

test('a refused reload: changes nothing', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-groups', '5']);
  const before = kept(fixture);
  const { configDigest } = (await fixture.status()).reload;
  for (const { args, reason } of [
    { args: ['--max-groups', '6', '--port', '1'], reason: /port: cannot change without a restart \(0 -> 1\)/ },
    { args: ['--max-memory', '100M'], reason: /max-memory: cannot change without a restart; use --daemon-restart/ },
    { args: ['--auth-tokens-file', '/nonexistent'], reason: /\/nonexistent: cannot be read/ },
  ]) {
    const { code, stderr } = await fixture.run(['--daemon-reload', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, /^❌ Reload refused/);
    assert.match(stderr, reason);
    assert.deepEqual(kept(fixture), before);
    assert.equal((await fixture.status()).reload.configDigest, configDigest);
  }
  const russian = await fixture.run(['--daemon-reload', '--port', '1', '--lang', 'ru']);
  assert.match(russian.stderr, /^❌ Перезагрузка отклонена.*\n {3}.*нельзя изменить без перезапуска/);
  assert.equal((await fixture.run(['--daemon-reload', '--max-groups', 'x'])).code, 2);
});

test('--daemon-restart: keeps the options, overridden by given ones', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-groups', '5'], { env: { ROUTER_MAX_PENDING_REQUESTS: '55' }, cwd: fixture.folder.path });
  const { pid } = fixture;
  const { code, stdout } = await fixture.run(['--daemon-restart', '--max-memory', '500M', '--lang', 'ru']);
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(`🔄 Перезапуск daemon с PID: ${pid}\n✅ Daemon запущен с PID: ${fixture.pid}\n`), stdout);
  assert.notEqual(fixture.pid, pid);
  assert.match(readFileSync(`/proc/${fixture.pid}/environ`, 'utf8'), /ROUTER_MAX_PENDING_REQUESTS=55/);
  const [app] = await fixture.pm2List();
  assert.equal(app?.pm2_env.max_memory_restart, 500 * 1024 * 1024);
  assert.ok(kept(fixture).includes(`--base-folder=${fixture.folder.path}`));
  assert.match(fixture.log, /RPC Dart Router stopped/, 'it was stopped gracefully');
});

test('a restart with new options that fails: the previous options run again', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-groups', '5']);
  const before = kept(fixture);
  const { code, stderr } = await fixture.run(['--daemon-restart', '--host', '192.0.2.1']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /❌ The daemon did not start: Cannot listen on 192\.0\.2\.1:0: this machine has no such address/,
  );
  assert.ok(stderr.endsWith(`↩️  The daemon runs again with its former options, PID: ${fixture.pid}\n`), stderr);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0);
  assert.deepEqual(kept(fixture), before);
});

test('--daemon-reload and --daemon-restart without a daemon: exit code 3', async () => {
  await using fixture = new DaemonFixture();
  for (const command of ['--daemon-reload', '--daemon-restart', '--daemon-logs']) {
    const { code, stderr } = await fixture.run([command, ...fixture.paths, '--lang', 'ru']);
    assert.deepEqual([code, stderr], [3, '❌ Daemon не запущен\n'], command);
  }
});

function kept(fixture: DaemonFixture): string[] {
  return JSON.parse(readFileSync(`${fixture.home}/rpc-dart-router/rpc-dart-router.json`, 'utf8'));
}

async function connected(fixture: DaemonFixture): Promise<ClientHttp2Session> {
  const [grpc] = (await fixture.status()).listening;
  const session = connect(`http://127.0.0.1:${grpc?.port}`);
  await poll('the connection', async () => (await fixture.status()).connections.current === 1);
  return session;
}

import assert from 'node:assert/strict';
import { chownSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, ROOT, type Run } from './daemon-fixture.ts';

const RUSSIAN = { env: { LANG: 'ru_RU.UTF-8', LC_ALL: '' } };

test('--daemon-start: returns when the router listens; prints the paths', async () => {
  await using fixture = new DaemonFixture();
  const { code, stdout, stderr } = await fixture.run(['--daemon-start', ...fixture.options], RUSSIAN);
  assert.deepEqual(
    { code, stderr, lines: stdout.trimEnd().split('\n') },
    {
      code: 0,
      stderr: '',
      lines: [
        `✅ Daemon запущен с PID: ${fixture.pid}`,
        `📄 PID файл: ${fixture.pidFile}`,
        `📝 Логи: ${fixture.logFile}`,
        '💡 Используйте --daemon-status для проверки состояния',
        '💡 Используйте --daemon-stop для остановки',
      ],
    },
  );
  const status = await fixture.status();
  assert.equal(status.state, 'ready');
  assert.equal(status.pid, fixture.pid);
  assert.match(fixture.log, /\[INFO\] Ready to accept connections\n$/);
  assert.equal(statSync(fixture.logFile).mode & 0o777, 0o600);
  assert.equal(statSync(fixture.home).mode & 0o777, 0o700);

  const again = await fixture.run(['-d', ...fixture.options], RUSSIAN);
  assert.deepEqual([again.code, again.stderr], [1, `❌ Daemon уже запущен с PID: ${fixture.pid}\n`]);
  const english = await fixture.run(['--daemon', ...fixture.options]);
  assert.deepEqual([english.code, english.stderr], [1, `❌ Daemon is already running with PID: ${fixture.pid}\n`]);
});

test('pm2 list and pm2 logs: show the router; its process runs no code of PM2', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const [app, ...others] = await fixture.pm2List();
  assert.deepEqual(others, []);
  assert.deepEqual([app?.name, app?.pid, app?.pm2_env.status], ['rpc-dart-router', fixture.pid, 'online']);
  assert.equal(app?.pm2_env.version, JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')).version);
  const { stdout } = await fixture.pm2(['logs', 'rpc-dart-router', '--nostream', '--lines', '3']);
  assert.match(stdout, /Ready to accept connections/);
  const commandLine = readFileSync(`/proc/${fixture.pid}/cmdline`, 'utf8').split('\0');
  assert.match(commandLine[1] ?? '', /main\.js$/, commandLine.join(' '));
});

test('--daemon-start: passes options unchanged with absolute paths, and only the required environment variables', async () => {
  await using fixture = new DaemonFixture();
  fixture.folder.write('tokens', 'someone: a-secret-token\n');
  fixture.folder.write('my config.yaml', 'max-groups: 7\n');
  await fixture.start(['--config', 'my config.yaml', '--auth-tokens-file=./tokens', '--client-timeout', '77s', '-q'], {
    cwd: fixture.folder.path,
    env: { ROUTER_MAX_PENDING_REQUESTS: '55', ROUTER_LOG_FILE: '/nonexistent/router.log', MY_PASSWORD: 'hunter2' },
  });
  const check = await fixture.run([
    ...['--check-config', '--options-file', `${fixture.home}/rpc-dart-router/rpc-dart-router.json`],
  ]);
  assert.equal(check.code, 0, check.stderr);
  for (const line of [
    /^max-groups: 7 /m,
    /^client-timeout: 77s /m,
    /^quiet: true /m,
    new RegExp(`^auth-tokens-file: ${fixture.folder.file('tokens')} `, 'm'),
  ]) {
    assert.match(check.stdout, line);
  }
  const environment = readFileSync(`/proc/${fixture.pid}/environ`, 'utf8');
  assert.match(environment, /ROUTER_MAX_PENDING_REQUESTS=55/);
  assert.doesNotMatch(environment, /hunter2/);
  assert.doesNotMatch(JSON.stringify(await fixture.pm2List()), /hunter2|a-secret-token/);
  const kept = `${fixture.home}/rpc-dart-router`;
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  assert.equal(statSync(`${kept}/rpc-dart-router.json`).mode & 0o777, 0o600);
});

test('two concurrent starts: one PM2, one router, and an error for the other', async () => {
  await using fixture = new DaemonFixture();
  const args = ['--daemon-start', '--no-log-rotation', ...fixture.options];
  const runs = await Promise.all([fixture.run(args), fixture.run(args)]);
  assert.deepEqual(runs.map(({ code }) => code).sort(), [0, 1]);
  const refused = runs.find(({ code }) => code === 1);
  assert.equal(refused?.stderr, `❌ Daemon is already running with PID: ${fixture.pid}\n`);
  assert.equal((await fixture.pm2List()).length, 1);
});

test('a second daemon: has its own name and files', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const second = ['--pid-file', fixture.folder.file('second.pid'), '--log-file', fixture.folder.file('second.log')];
  const options = ['--name', 'second', '--host', '127.0.0.1', '--port', '0', '--no-log-rotation', ...second];
  assert.equal((await fixture.run(['--daemon-start', ...options])).code, 0);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0);
  const status = await fixture.run(['--daemon-status', '--name', 'second']);
  assert.ok(status.stdout.includes(fixture.folder.file('second.pid')), status.stdout);
  assert.equal((await fixture.run(['--daemon-stop', '--name', 'second'])).code, 0);
  assert.equal((await fixture.run(['--daemon-status', '--name', 'second'])).code, 3);
  assert.equal((await fixture.run(['--daemon-status'])).code, 0, 'the first one goes on');
});

test('a failed start: prints the reason of the router and leaves no entry in PM2', async (t) => {
  await using fixture = new DaemonFixture();
  await using busy = await busyPort();
  const readable = fixture.folder.write('tokens', 'someone: a-token-of-thirty-characters\n', 0o644);
  const failures: readonly { name: string; args: string[]; code: number; reason: RegExp }[] = [
    { name: 'busy port', args: ['--port', busy.port], code: 1, reason: /port is in use/ },
    { name: 'busy port, JSON', args: ['--port', busy.port, '--log-format', 'json'], code: 1, reason: /port is in use/ },
    { name: 'busy port, no log', args: ['--port', busy.port, '-l', 'none'], code: 1, reason: /port is in use/ },
    { name: 'readable tokens', args: ['--auth-tokens-file', readable], code: 2, reason: /readable by others/ },
    {
      name: 'missing key',
      args: ['--tls-cert', 'no.pem', '--tls-key', 'no.key'],
      code: 2,
      reason: /no\.pem: cannot be read/,
    },
    { name: 'unknown address', args: ['--host', '192.0.2.1'], code: 1, reason: /no such address/ },
    { name: 'no folder for the pid', args: ['--pid-file', '/nonexistent/x.pid'], code: 1, reason: /\/nonexistent/ },
  ];
  for (const { name, args, code, reason } of failures) {
    await t.test(name, async () => {
      const run = await fixture.run(['--daemon-start', '--no-log-rotation', ...withDefaults(fixture, args)]);
      assert.equal(run.code, code, run.stdout + run.stderr);
      const [first = ''] = run.stderr.split('\n');
      assert.match(first, /^❌ The daemon did not start: /);
      assert.match(first, reason);
      assert.deepEqual(
        run.stderr.split('\n').slice(1),
        [`📝 Log: ${fixture.logFile}`, ''],
        'one block, the cause once',
      );
      assert.equal(run.stdout, '');
      assert.deepEqual(await fixture.pm2List(), []);
      assert.deepEqual([existsSync(fixture.pidFile), existsSync(fixture.folder.file('router.sock'))], [false, false]);
      // the settle command of the ended router may briefly hold the lock
      await poll('nothing to stay', () => readdirSync(`${fixture.home}/rpc-dart-router`).length === 0, {
        limitMs: 20_000,
      });
    });
  }
  await t.test('and the next one succeeds', async () => assert.equal((await fixture.start()).code, 0));
});

test('an invalid option: refused before PM2 is contacted', async () => {
  await using fixture = new DaemonFixture();
  const run = await fixture.run(['--daemon-start', '--prot', '80']);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /--prot: unknown option; did you mean --port\?/);
  assert.equal(existsSync(fixture.home), false);
});

test('an unsafe log file: refused', async (t) => {
  await using fixture = new DaemonFixture();
  const start = (log: string): Promise<Run> =>
    fixture.run([
      '--daemon-start',
      ...fixture.options.filter((option) => option !== '--log-file' && option !== fixture.logFile),
      '--log-file',
      log,
    ]);
  await t.test('a symbolic link', async () => {
    const target = fixture.folder.write('target', 'untouched');
    symlinkSync(target, fixture.folder.file('link.log'));
    const run = await start(fixture.folder.file('link.log'));
    assert.equal(run.code, 1);
    assert.match(run.stderr, /link\.log is a symbolic link; refused/);
    assert.equal(readFileSync(target, 'utf8'), 'untouched');
  });
  await t.test('a file of another user', { skip: process.getuid?.() !== 0 && 'only root can make one' }, async () => {
    const path = fixture.folder.write('other.log', '');
    chownSync(path, 65_534, 65_534);
    const run = await start(path);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /other\.log belongs to another user; refused/);
  });
  await t.test('a folder, and a missing one', async () => {
    assert.match((await start(fixture.folder.path)).stderr, /is not a regular file/);
    assert.match((await start('/nonexistent/router.log')).stderr, /cannot be written to/);
  });
  assert.deepEqual(await fixture.pm2List(), []);
});

function withDefaults(fixture: DaemonFixture, args: readonly string[]): string[] {
  const given = new Set(args.filter((arg) => arg.startsWith('--')));
  const options: string[] = [];
  for (let i = 0; i < fixture.options.length; i += 2) {
    if (!given.has(fixture.options[i] ?? '')) options.push(...fixture.options.slice(i, i + 2));
  }
  return [...options, ...args];
}

async function busyPort(): Promise<AsyncDisposable & { port: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: String(address.port),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

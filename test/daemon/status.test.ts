import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, ROOT, signal } from './daemon-fixture.ts';

const RUSSIAN = ['--lang', 'ru'];
const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';

test('--daemon-status: prints the lines of the guide with real data', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--metrics', '--metrics-port', '0', '--max-connections', '50']);
  const { listening } = await fixture.status();
  const grpc = listening.find(({ purpose }) => purpose === 'grpc')?.port;
  const metrics = listening.find(({ purpose }) => purpose === 'metrics')?.port;
  const session = connect(`http://127.0.0.1:${grpc}`);
  await poll('the connection', async () => (await fixture.status()).connections.current === 1);
  const { code, stdout, stderr } = await fixture.run(['--daemon-status', ...RUSSIAN]);
  session.destroy();
  assert.deepEqual([code, stderr], [0, '']);
  const expected = [
    `✅ Daemon запущен с PID: ${fixture.pid}`,
    `📄 PID файл: ${fixture.pidFile}`,
    `📝 Логи: ${fixture.logFile}`,
    '📊 Размер лог-файла: (\\d+ B|\\d+\\.\\d KB)',
    `🕐 Последнее изменение: ${TIME}`,
    '📝 Последние записи лога:',
    ' {3}\\S+: \\[INFO\\] .*',
    ' {3}\\S+: \\[INFO\\] .*',
    ' {3}\\S+: \\[INFO\\] .*',
    '💾 Использование памяти: \\d+\\.\\dMB',
    '⏱️  Время работы: 00:\\d\\d:\\d\\d',
    '🔌 Открытые порты:',
    ...[grpc, metrics].sort((a, b) => Number(a) - Number(b)).map((port) => ` {3}• 127\\.0\\.0\\.1:${port}`),
    '🔁 Перезапуски: 0',
    '⚙️  CPU: \\d+\\.\\d%',
    '🔗 Соединения: 1 из 50',
    '👥 Клиенты: 0',
    '🏷️  Версия: \\d+\\.\\d+\\.\\d+',
    '🔄 Последняя перезагрузка: не было',
  ];
  assert.match(stdout, new RegExp(`^${expected.join('\n')}\n$`, 'u'));
});

test('--daemon-status: the same lines in English', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  assert.equal((await fixture.run(['--daemon-reload', '--max-groups', '9'])).code, 0);
  const { stdout } = await fixture.run(['--daemon-status']);
  for (const line of [
    `✅ Daemon is running with PID: ${fixture.pid}`,
    `📄 PID file: ${fixture.pidFile}`,
    `📝 Log: ${fixture.logFile}`,
    '📝 Last lines of the log:',
    '🔌 Open ports:',
    '🔁 Restarts: 0',
    '👥 Clients: 0',
  ]) {
    assert.ok(stdout.split('\n').includes(line), `${line}\n${stdout}`);
  }
  assert.match(stdout, new RegExp(`🔄 Last reload: ${TIME}, applied \\(1 changed\\)`));
  assert.doesNotMatch(stdout, /[а-яё]/i);
});

test('--daemon-status --json: has the documented keys', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const { code, stdout } = await fixture.run(['--daemon-status', '--json', ...RUSSIAN]);
  assert.equal(code, 0);
  const report = JSON.parse(stdout);
  assert.deepEqual(Object.keys(report), KEYS);
  const { instanceId, pid } = await fixture.status();
  assert.deepEqual(
    [report.state, report.running, report.pid, report.restarts, report.router.instanceId, report.pm2.status],
    ['running', true, pid, 0, instanceId, 'online'],
  );
  assert.deepEqual(report.ports, [{ address: '127.0.0.1', port: report.router.listening[0].port }]);
  assert.ok(report.memoryBytes > 10_000_000 && report.uptimeMs > 0 && report.logSizeBytes > 100);
  assert.ok(Math.abs(Date.now() - report.logModifiedAt) < 60_000);

  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  const stopped = await fixture.run(['--daemon-status', '--json', ...fixture.paths]);
  assert.equal(stopped.code, 3);
  const empty = JSON.parse(stopped.stdout);
  assert.deepEqual(Object.keys(empty), KEYS);
  assert.deepEqual(
    [empty.state, empty.running, empty.pid, empty.router, empty.ports],
    ['notRunning', false, null, null, []],
  );
});

for (const guide of ['docs/daemon.md', 'docs/ru/daemon.md']) {
  test(`${guide}: explains all keys of --daemon-status --json and no others`, () => {
    const text = readFileSync(join(ROOT, guide), 'utf8');
    const section = text.slice(text.indexOf('--daemon-status --json`\n'));
    const rows = section.slice(0, section.indexOf('```')).matchAll(/^\| `(\w+)` \|/gm);
    assert.deepEqual(
      [...rows].map(([, key]) => key),
      KEYS,
    );
  });
}

test('--daemon-status: exit code 3 if not running, 1 without a response', async () => {
  await using fixture = new DaemonFixture();
  const none = await fixture.run(['--daemon-status', ...fixture.paths, ...RUSSIAN]);
  assert.deepEqual([none.code, none.stdout], [3, '❌ Daemon не запущен\n']);
  await fixture.start();
  signal(fixture.pid, 'SIGSTOP');
  const frozen = await fixture.run(['--daemon-status', ...RUSSIAN]);
  signal(fixture.pid, 'SIGCONT');
  assert.equal(frozen.code, 1);
  assert.ok(
    frozen.stdout.startsWith(`❌ У daemon PID ${fixture.pid}, но роутер не отвечает на ${fixture.folder.path}`),
  );
  assert.match(frozen.stdout, /🔌 Открытые порты:\n {3}• 127\.0\.0\.1:\d+/);
});

const KEYS = [
  ...['name', 'state', 'running', 'pid', 'pidFile', 'controlSocket', 'logFile', 'logSizeBytes', 'logModifiedAt'],
  ...['lastLogLines', 'memoryBytes', 'cpuPercent', 'uptimeMs', 'ports', 'restarts', 'pm2', 'owner', 'cause', 'router'],
];

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonBed, ROOT, signal } from './daemon-bed.ts';

const RUSSIAN = ['--lang', 'ru'];
const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';

test('--daemon-status prints the lines of the guide, from real data', async () => {
  await using bed = new DaemonBed();
  await bed.start(['--metrics', '--metrics-port', '0', '--max-connections', '50']);
  const { listening } = await bed.status();
  const grpc = listening.find(({ purpose }) => purpose === 'grpc')?.port;
  const metrics = listening.find(({ purpose }) => purpose === 'metrics')?.port;
  const session = connect(`http://127.0.0.1:${grpc}`);
  await poll('the connection', async () => (await bed.status()).connections.current === 1);
  const { code, stdout, stderr } = await bed.run(['--daemon-status', ...RUSSIAN]);
  session.destroy();
  assert.deepEqual([code, stderr], [0, '']);
  const expected = [
    `✅ Daemon запущен с PID: ${bed.pid}`,
    `📄 PID файл: ${bed.pidFile}`,
    `📝 Логи: ${bed.logFile}`,
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

test('the same in English', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  assert.equal((await bed.run(['--daemon-reload', '--max-groups', '9'])).code, 0);
  const { stdout } = await bed.run(['--daemon-status']);
  for (const line of [
    `✅ Daemon is running with PID: ${bed.pid}`,
    `📄 PID file: ${bed.pidFile}`,
    `📝 Log: ${bed.logFile}`,
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

test('--json has the documented keys', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  const { code, stdout } = await bed.run(['--daemon-status', '--json', ...RUSSIAN]);
  assert.equal(code, 0);
  const report = JSON.parse(stdout);
  assert.deepEqual(Object.keys(report), KEYS);
  const { instanceId, pid } = await bed.status();
  assert.deepEqual(
    [report.state, report.running, report.pid, report.restarts, report.router.instanceId, report.pm2.status],
    ['running', true, pid, 0, instanceId, 'online'],
  );
  assert.deepEqual(report.ports, [{ address: '127.0.0.1', port: report.router.listening[0].port }]);
  assert.ok(report.memoryBytes > 10_000_000 && report.uptimeMs > 0 && report.logSizeBytes > 100);
  assert.ok(Math.abs(Date.now() - report.logModifiedAt) < 60_000);

  assert.equal((await bed.run(['--daemon-stop'])).code, 0);
  const stopped = await bed.run(['--daemon-status', '--json', ...bed.places]);
  assert.equal(stopped.code, 3);
  const empty = JSON.parse(stopped.stdout);
  assert.deepEqual(Object.keys(empty), KEYS);
  assert.deepEqual(
    [empty.state, empty.running, empty.pid, empty.router, empty.ports],
    ['notRunning', false, null, null, []],
  );
});

for (const guide of ['docs/daemon.md', 'docs/ru/daemon.md']) {
  test(`${guide} explains every key, and no other`, () => {
    const text = readFileSync(join(ROOT, guide), 'utf8');
    const section = text.slice(text.indexOf('--daemon-status --json`\n'));
    const rows = section.slice(0, section.indexOf('```')).matchAll(/^\| `(\w+)` \|/gm);
    assert.deepEqual(
      [...rows].map(([, key]) => key),
      KEYS,
    );
  });
}

test('exit 3 when it does not run, 1 when it does not answer', async () => {
  await using bed = new DaemonBed();
  const none = await bed.run(['--daemon-status', ...bed.places, ...RUSSIAN]);
  assert.deepEqual([none.code, none.stdout], [3, '❌ Daemon не запущен\n']);
  await bed.start();
  signal(bed.pid, 'SIGSTOP');
  const frozen = await bed.run(['--daemon-status', ...RUSSIAN]);
  signal(bed.pid, 'SIGCONT');
  assert.equal(frozen.code, 1);
  assert.ok(frozen.stdout.startsWith(`❌ У daemon PID ${bed.pid}, но роутер не отвечает на ${bed.folder.path}`));
  assert.match(frozen.stdout, /🔌 Открытые порты:\n {3}• 127\.0\.0\.1:\d+/);
});

const KEYS = [
  ...['name', 'state', 'running', 'pid', 'pidFile', 'controlSocket', 'logFile', 'logSizeBytes', 'logModifiedAt'],
  ...['lastLogLines', 'memoryBytes', 'cpuPercent', 'uptimeMs', 'ports', 'restarts', 'pm2', 'owner', 'cause', 'router'],
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureReasonIn, spawnErrorIn } from './failure-reason.ts';
import { daemonMessages } from './messages.ts';
import { formatBytes, formatDuration, formatTime } from './status-format.ts';
import { statusLines } from './status-lines.ts';
import type { DaemonReport } from './status-report.ts';
import { workerLines } from './worker-lines.ts';

test('sizes, times and durations: the format of the guide', () => {
  assert.equal(formatBytes(1_258_291, ' '), '1.2 MB');
  assert.equal(formatBytes(280_913_510, ''), '267.9MB');
  assert.equal(formatBytes(0, ' '), '0 B');
  assert.equal(formatBytes(1023, ' '), '1023 B');
  assert.equal(formatBytes(1024, ' '), '1.0 KB');
  assert.equal(formatBytes(3 * 1024 ** 3, ' '), '3.0 GB');
  assert.equal(formatTime(new Date(2025, 5, 14, 21, 30, 15).getTime()), '2025-06-14 21:30:15');
  assert.equal(formatDuration(5_025_999), '01:23:45');
  assert.equal(formatDuration(3 * 86_400_000 + 1000), '3-00:00:01');
});

const REPORT: DaemonReport = {
  ...{ name: 'x', state: 'respawning', running: false, pid: null, pidFile: '/p', controlSocket: '/s', logFile: '/l' },
  ...{ logSizeBytes: null, logModifiedAt: null, lastLogLines: [], memoryBytes: null, cpuPercent: null, uptimeMs: null },
  ...{ ports: [], restarts: 4, pm2: { status: 'waiting', version: '7.0.4' }, owner: null, cause: null, router: null },
};

test('statusLines: a daemon between two crashes, in both languages', () => {
  assert.deepEqual(statusLines(REPORT, daemonMessages('en')), [
    '❌ The router ended, PM2 starts it again (restart 4)',
    ...['📄 PID file: /p', '📝 Log: /l', '⚠️  There is no log file', '🔁 Restarts: 4'],
  ]);
  assert.equal(
    statusLines(REPORT, daemonMessages('ru'))[0],
    '❌ Роутер завершился, PM2 запускает его снова (перезапуск 4)',
  );
});

test('workerLines: each worker, and nothing with one process', () => {
  const worker = {
    ...{ worker: 1, pid: 7, version: '3', startedAt: 0, uptimeMs: 0, accepting: true, clients: 4 },
    ...{ connections: { current: 5, max: 500 }, inPerSecond: 0, outPerSecond: 0, latencyP99Ms: 0 },
    ...{ eventLoopP99Ms: 0, queueBytes: 0, rssBytes: 1_258_291, cpuPercent: 1.25 },
  };
  const workers = (['ready', 'starting', 'draining'] as const).map((state, i) => ({ ...worker, worker: i + 1, state }));
  assert.deepEqual(workerLines({ workers }, daemonMessages('en')), [
    '🧵 Workers: 3',
    '   • 1: PID 7, connections 5 of 500, clients 4, memory 1.2MB, CPU 1.3%',
    '   • 2: starting',
    '   • 3: PID 7, connections 5 of 500, clients 4, memory 1.2MB, CPU 1.3%, is stopping',
  ]);
  assert.deepEqual(workerLines({}, daemonMessages('en')), []);
});

test('failureReasonIn: the critical line, otherwise other printed errors', () => {
  assert.equal(
    failureReasonIn(['2025-06-14T21:30:15: [INFO] a', '2025-06-14T21:30:15: [CRITICAL] b: c', '2025']),
    'b: c',
  );
  assert.equal(failureReasonIn(['{"level":"critical","msg":"b"}', '{"level":"info","msg":"c"}', '{broken']), 'b');
  assert.equal(
    failureReasonIn(['x.pem: cannot be read', '', 'y.pem: cannot be read']),
    'x.pem: cannot be read; y.pem: cannot be read',
  );
  const both = ['2025-06-14T21:30:15: [CRITICAL] Cannot listen', 'Не удалось открыть порт'];
  assert.equal(failureReasonIn(both, 'ru'), 'Не удалось открыть порт');
  assert.equal(failureReasonIn(both.slice(0, 1), 'ru'), 'Cannot listen');
  assert.equal(failureReasonIn(['2025-06-14T21:30:15: [INFO] a']), null);
  assert.equal(failureReasonIn([]), null);
  const stack = [
    'node:internal/modules/cjs/loader:1228',
    '  throw err;',
    '  ^',
    '',
    "Error: Cannot find module '/x.js'",
  ];
  const printed = [...stack, 'Require stack:', '- internal/preload', '    at a (b:1:2)', '}', 'Node.js v20.20.2'];
  assert.equal(failureReasonIn(printed), "Error: Cannot find module '/x.js'");
  const refused = '/usr/bin/node: --eval is not allowed in NODE_OPTIONS';
  assert.equal(failureReasonIn([refused]), refused);
  assert.equal(
    failureReasonIn(['/bin/sh: 1: exec: /gone/node: not found', 'x']),
    '/bin/sh: 1: exec: /gone/node: not found',
  );
});

test('spawnErrorIn: the reason why PM2 could not start a process', () => {
  const lines = [
    '2026-11-25T18:00:00: PM2 log: App [x:0] starting in -fork mode-',
    '2026-11-25T18:00:00: PM2 error: Error: spawn /bin/sh ENOENT',
    '    at ChildProcess._handle.onexit (node:internal/child_process:285:19)',
  ];
  assert.equal(spawnErrorIn(lines), 'Error: spawn /bin/sh ENOENT');
  assert.equal(spawnErrorIn(lines.slice(0, 1)), null);
});

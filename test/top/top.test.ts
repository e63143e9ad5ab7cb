import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import type { RouterStatus } from '../../src/telemetry/index.ts';
import { runCli, runInProcess } from '../cli/run-cli.ts';
import { Load } from '../monitoring/load.ts';
import { within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { SKIP_WITHOUT_SCRIPT, Terminal } from './terminal.ts';

const options = { skip: SKIP_WITHOUT_SCRIPT };
const NOBODY = 65_534;
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

test('--top: prints one snapshot in a pipe, the status document with --json', async () => {
  await using router = await RouterProcess.start();
  using load = await Load.start(router.port, 3);
  const args = ['--top', '--control-socket', router.socketPath];
  await router.until('traffic', ({ messages }) => messages.inPerSecond > 0);
  const { code, stdout, stderr } = await runCli(args);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, new RegExp(`^rpc-dart-router \\S+ {3}● Ready {3}up 00:\\d\\d:\\d\\d {3}PID ${router.pid} `));
  assert.match(stdout, /^Connections +3 of 1000 +░+$/m);
  assert.match(stdout, /^Messages in +[\d.]+\/s$/m);
  assert.match(stdout, /^unicast +[\d.]+ +\d+ +\d+/m);
  assert.match(stdout, /^phones +3/m);
  assert.ok(!stdout.includes('\u001b'));
  assert.ok(stdout.split('\n').every((line) => line.length <= 100));
  const status = JSON.parse((await runCli([...args, '--json'])).stdout) as RouterStatus;
  assert.deepEqual([status.instanceId, status.clients.current], [router.instanceId, load.clients.length]);
});

test('--top: finds the router by metrics URL and PID file, in Russian as well', async () => {
  using folder = new TempFolder();
  const pidFile = folder.file('router.pid');
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0', '--pid-file', pidFile], {
    folder,
  });
  const url = `http://127.0.0.1:${router.metricsPort}`;
  for (const address of [url, `${url}/metrics`]) {
    const { code, stdout } = await runCli(['--top', '--metrics-url', address, '--lang', 'ru']);
    assert.equal(code, 0);
    assert.match(stdout, /● Работает {3}работает 00:/);
    assert.match(stdout, /^Соединения +0 из 1000 /m);
  }
  const { code } = await runCli(['--top', '--pid-file', pidFile]);
  assert.equal(code, 0);
});

test('--top: exit code 3 without a router, 2 for an invalid URL', async () => {
  using folder = new TempFolder();
  const none = await runCli(['--top', '--pid-file', folder.file('router.pid')]);
  assert.deepEqual([none.code, none.stdout], [3, '']);
  assert.match(none.stderr, /^No router responds on .*router\.sock\nStart it with rpc-dart-router --daemon-start/);
  const far = await runCli(['--top', '--metrics-url', 'http://127.0.0.1:1', '--lang', 'ru']);
  assert.equal(far.code, 3);
  assert.match(far.stderr, /^Роутер не отвечает на http:\/\/127\.0\.0\.1:1\/\nРоутеру нужен --metrics/);
  for (const url of ['localhost', 'ftp://127.0.0.1']) {
    const wrong = await runCli(['--top', '--metrics-url', url]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /not an HTTP address/);
  }
});

test('--top: exit code 1 without permission for the socket', async () => {
  using folder = new TempFolder();
  await using router = await RouterProcess.start([], { folder });
  const args = ['--top', '--control-socket', router.socketPath];
  await runInProcess([...args, '--json'], { HOME: folder.path }); // loads the imports now: they may be unreadable later
  const { code, stderr } = await asSomebodyElse(folder.path, () => runInProcess(args, { HOME: folder.path }));
  assert.equal(code, 1);
  assert.match(stderr, /^No permission to access .*router\.sock\nUse sudo/);
});

/** Runs `body` without access to `folder`: as root it switches to the user nobody. */
async function asSomebodyElse<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, isRoot ? 0o700 : 0o000);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await body();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
}

test('--top on a terminal: updates, and q restores the terminal', options, async () => {
  await using router = await RouterProcess.start();
  using _load = await Load.start(router.port, 3);
  await using terminal = new Terminal(['--top', '--control-socket', router.socketPath]);
  const unicasts = async () => Number((await terminal.shows(/\nunicast +[\d.]+ +(\d+)/))[1]);
  const before = await unicasts();
  await terminal.shows(new RegExp(`\nunicast +[\\d.]+ +(?!${before} )\\d+`));
  await terminal.shows(/[▁▂▃▄▅▆▇█]{2}/);
  assert.ok((await unicasts()) > before);
  await terminal.shows(/q quits/);
  assert.ok(terminal.output.startsWith(ENTER), 'a screen of its own');
  terminal.type('q');
  assert.equal(await within(terminal.exited, 10_000, 'q to quit'), 0);
  assert.ok(terminal.output.trimEnd().endsWith(LEAVE));
});

test('--top on a terminal: Ctrl-C quits', options, async () => {
  await using router = await RouterProcess.start();
  await using terminal = new Terminal(['--top', '--control-socket', router.socketPath]);
  await terminal.shows(/● Ready/);
  terminal.type('\u0003');
  assert.equal(await within(terminal.exited, 10_000, 'Ctrl-C to quit'), 0);
  assert.ok(terminal.output.trimEnd().endsWith(LEAVE));
});

test('--top on a terminal: survives and shows a restart of the router', options, async () => {
  using folder = new TempFolder();
  await using first = await RouterProcess.start([], { folder });
  await using terminal = new Terminal(['--top', '--control-socket', first.socketPath]);
  await terminal.shows(new RegExp(`PID ${first.pid}`));
  await first.stop();
  await terminal.shows(/Disconnected since \d\d:\d\d:\d\d, reconnecting/);
  await using second = await RouterProcess.start([], { folder });
  await terminal.shows(new RegExp(`PID ${second.pid}`));
  await terminal.shows(/Restarted at \d\d:\d\d:\d\d/);
  second.signal('SIGSTOP');
  await terminal.shows(/No data since \d\d:\d\d:\d\d: router busy or frozen/);
  second.signal('SIGCONT');
  await terminal.shows(/Restarted at/);
  terminal.type('q');
  assert.equal(await within(terminal.exited, 10_000, 'q to quit'), 0);
});

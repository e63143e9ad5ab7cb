import assert from 'node:assert/strict';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DartClient } from '../support/dart-client.ts';
import { poll, within } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

/** The value of the metric line that starts with `name`, such as `rpc_router_job_failures_total{job="memory"}`. */
async function metric(router: RouterProcess, name: string): Promise<number> {
  const line = (await router.get('/metrics')).split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

const MEMORY_FAILURES = 'rpc_router_job_failures_total{job="memory"}';
const PRELOAD = pathToFileURL(`${ROOT}test/support/failing-system.mjs`).href;

for (const code of ['EMFILE', 'ENOENT', 'EACCES', 'ENOSPC']) {
  test(`every timer and signal with each system call failing by ${code}: the service keeps running`, async () => {
    using folder = new TempFolder();
    const failure = folder.write('failure', '');
    const config = folder.write('router.yaml', 'stats-interval: 100ms\nhealth-check-interval: 50ms\n');
    const files = ['--log-file', folder.file('router.log'), '--pid-file', folder.file('router.pid')];
    // started as by PM2, so that log rotation runs as well
    const rotation = ['--output-file', folder.write('output.log', ''), '--log-journal'];
    await using router = await RouterProcess.start(
      ['--config', config, '--stats', '--metrics', '--metrics-port', '0', ...files, ...rotation],
      { folder, env: { NODE_OPTIONS: `--import=${PRELOAD}`, FAILURE_FILE: failure } },
    );
    const [a, b] = [await DartClient.join(router.port), await DartClient.join(router.port)];
    const { rssBytes } = (await router.status()).memory;

    folder.write('failure', code);
    await poll('two samples to fail', async () => (await metric(router, MEMORY_FAILURES)) >= 2);
    const { outcome, errors } = await router.reload();
    assert.equal(outcome, 'refused');
    assert.match(errors.join(), new RegExp(code));
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGUSR2'] as const) router.signal(signal);
    for (const path of ['/', '/page.js', '/api/status/history']) await router.get(path);
    const { memory, uptimeMs } = await router.status();
    assert.ok(memory.rssBytes > rssBytes / 4 && memory.heapUsedBytes > 0, 'the last known value');
    await router.until('two more seconds', (status) => status.uptimeMs > uptimeMs + 2000);
    assert.equal(await a.canReach(b.id), true);
    using late = await DartClient.join(router.port);
    assert.equal(await late.canReach(a.id), true);

    folder.write('failure', '');
    await poll('the reload to be done', async () => (await router.reload()).outcome === 'unchanged');
    const failed = await metric(router, MEMORY_FAILURES);
    assert.equal(await metric(router, MEMORY_FAILURES), failed, 'no more failures');

    folder.write('failure', code);
    await poll('failures again', async () => (await metric(router, MEMORY_FAILURES)) > failed);
    for (const client of [a, b, late]) client.connection.destroy();
    router.signal('SIGTERM');
    assert.deepEqual(await within(router.exited, 10_000, 'the exit'), { code: 0, signal: null });
  });
}

test('more connections than file descriptors: no client is lost, one log line, and later connections are accepted', async () => {
  using folder = new TempFolder();
  const config = folder.write('router.yaml', 'max-groups: 9\n');
  const socketPath = folder.file('router.sock');
  await using router = new SpawnedRouter(
    ['--config', config, '--control-socket', socketPath, '--max-connections', '1000'],
    { wrapper: ['sh', '-c', 'ulimit -n 60; exec "$@"', 'sh'] },
  );
  const port = await router.listens();
  using client = await DartClient.join(port);
  let events = '';
  const viewer = get({ socketPath, path: '/api/status/stream' }, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      events += text;
    });
  });
  const idle: Socket[] = [];
  try {
    await poll('the first event', () => events !== '');
    for (let n = 0; n < 80; n++) idle.push(connect(port, '127.0.0.1').on('error', () => {}));
    await router.logged(/\[WARNING\] Job failed; the router goes on job=memory error="EMFILE: /);
    const seen = events.length;
    await poll('two more samples', () => (events.slice(seen).match(/"rssBytes":[1-9]/g)?.length ?? 0) >= 2);
    router.child.kill('SIGHUP');
    await router.logged(/\[ERROR\] Reload refused[^\n]*\n[^\n]*EMFILE/);
    assert.equal(await client.canReach(client.id), true);
    assert.equal(router.output.match(/job=memory/g)?.length, 1, router.output);
  } finally {
    for (const socket of idle) socket.destroy();
    viewer.destroy();
  }
  using late = await DartClient.join(port);
  assert.equal(await late.canReach(client.id), true);
});

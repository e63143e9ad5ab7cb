import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CONFIG } from '../../src/config/index.ts';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { fetchHttp } from './http.ts';
import { SpawnedRouter } from './spawned-router.ts';

const UNAVAILABLE = 14;

/** A client that does not read, with many queued messages: its stream cannot end gracefully. */
async function stuckClient(router: RouterProcess): Promise<DartClient> {
  const sender = await DartClient.join(router.port);
  const stuck = await DartClient.join(router.port);
  stuck.stopReading();
  for (let n = 0; n < 40; n++) sender.unicast(stuck.id, { blob: Buffer.alloc(64 * 1024) });
  await router.until('much to be queued', ({ queues }) => queues.bytes > 500_000);
  await sender.close();
  return stuck;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} without clients: exit code 0 at once`, async () => {
    await using router = await RouterProcess.start(['--shutdown-timeout', '60s']);
    router.signal(signal);
    assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
    assert.match(router.log, /\[INFO\] Stopping connections=0\n.*\[INFO\] RPC Dart Router stopped\n/);
  });
}

test('graceful shutdown: clients get GOAWAY and queued messages; streams end with UNAVAILABLE', async () => {
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0', '--shutdown-timeout', '60s']);
  using client = await DartClient.join(router.port, { clientName: 'told' });
  const events = client.events();
  await events.ofType('routerStats');
  using peer = await DartClient.join(router.port);
  client.stopReading();
  for (let n = 0; n < 100; n++) peer.unicast(client.id, { n, blob: Buffer.alloc(1000) });
  await router.until('all of it to be there', ({ messages }) => messages.inByType.unicast === 100);
  router.signal('SIGTERM');
  await router.until('it to drain', ({ state }) => state === 'draining');
  client.startReading();

  const warning = (await events.ofType('healthWarning')).message;
  assert.equal(typeof asMap(warning.data).warning, 'string');
  assert.equal(asMap(warning.data).severity, 'critical');
  assert.equal(Number.isSafeInteger(warning.timestamp), true);
  for (const stream of [client.p2p, events, peer.p2p]) {
    const end = await within(stream.whenEnded, PATIENCE_MS, 'the stream to end');
    assert.equal(end.status, UNAVAILABLE, JSON.stringify(end));
    assert.match(end.message, /shutting down/);
  }
  for (let n = 0; n < 100; n++) await client.next(({ payload }) => asMap(payload).n === n);
  const { code } = await poll('GOAWAY', () => client.connection.goaway);
  assert.equal(code, 0, 'GOAWAY without an error');
  assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
  assert.match(
    router.log,
    /Client disconnected .*name=told reason="?Router is shutting down|Client disconnected .*name=told/,
  );
});

test('draining: readyz 503, healthz 200, no new connection, no new call', async () => {
  await using router = await RouterProcess.start(['--metrics', '--metrics-port', '0', '--shutdown-timeout', '60s']);
  const { port } = router;
  const metricsPort = router.metricsPort ?? 0;
  assert.equal((await fetchHttp(metricsPort, '/readyz')).status, 200);
  using stuck = await stuckClient(router);
  using patient = await DartClient.connect(router.port);
  await patient.ping(1);
  router.signal('SIGTERM');
  await router.until('it to drain', ({ state }) => state === 'draining');
  const ready = await fetchHttp(metricsPort, '/readyz');
  assert.deepEqual([ready.status, ready.body], [503, 'draining\n']);
  assert.equal((await fetchHttp(metricsPort, '/healthz')).status, 200);
  assert.match((await fetchHttp(metricsPort, '/metrics')).body, /^rpc_router_ready 0$/m);
  await assert.rejects(DartClient.connect(port), /ECONNREFUSED|ECONNRESET/);
  for (const method of ['register', 'ping', 'p2p', 'events']) {
    assert.equal((await patient.unary(method, {})).end.status, UNAVAILABLE, method);
  }
  router.signal('SIGHUP'); // ignored while stopping
  stuck.connection.destroy();
  assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
});

test('a stuck client: disconnected at --shutdown-timeout, by default 10 s', async () => {
  assert.equal(DEFAULT_CONFIG.shutdownTimeoutMs, 10_000);
  await using router = await RouterProcess.start(['--shutdown-timeout', '1500ms']);
  using stuck = await stuckClient(router);
  const started = performance.now();
  router.signal('SIGTERM');
  assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
  assert.ok(performance.now() - started >= 1400, 'it was given its time');
  stuck.startReading();
  await within(stuck.connection.whenClosed, PATIENCE_MS, 'the stuck client to be cut');
});

for (const second of ['SIGTERM', 'SIGINT'] as const) {
  test(`a second signal, ${second}: forces the stop`, async () => {
    await using router = await RouterProcess.start(['--shutdown-timeout', '60s']);
    using stuck = await stuckClient(router);
    router.signal('SIGTERM');
    await router.logged(/\[INFO\] Stopping/);
    router.signal(second);
    assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
    assert.match(router.log, /\[WARNING\] Stopping at once/);
    stuck.connection.destroy();
  });
}

test('a connection without streams: does not delay the stop', async () => {
  await using router = await RouterProcess.start(['--shutdown-timeout', '60s']);
  using silent = await DartClient.connect(router.port);
  using used = await DartClient.connect(router.port);
  await used.ping(1);
  router.signal('SIGTERM');
  assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
  await within(silent.connection.whenClosed, PATIENCE_MS, 'its end');
});

test('a signal during the start: stops the router', async () => {
  for (let round = 0; round < 3; round++) {
    await using router = new SpawnedRouter(['--metrics', '--metrics-port', '0']);
    await router.logged(/Startup/); // written before anything listens
    router.child.kill('SIGTERM');
    assert.deepEqual(await within(router.exited, PATIENCE_MS, 'the exit'), { code: 0, signal: null });
    assert.match(router.output, /Stopping.*stopped\n/s);
    assert.doesNotMatch(router.output, /Stopping.*Ready to accept/s);
  }
});

test('after the stop: the port is free', async () => {
  await using first = new SpawnedRouter();
  const port = await first.listens();
  first.child.kill('SIGTERM');
  await first.exited;
  await using second = new SpawnedRouter(['--port', String(port)]);
  assert.equal(await second.listens(), port);
  using client = await DartClient.connect(port);
  assert.equal((await client.ping(1)).timestamp, 1);
});

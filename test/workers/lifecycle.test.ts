import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fetchHttp } from '../lifecycle/http.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { exists, startWorkers, workerPids, workersOf } from './worker-bed.ts';

test('start: ready when all workers are; one pid file, one banner, one listening port', async () => {
  using folder = new TempFolder();
  const pidFile = folder.file('router.pid');
  await using router = await startWorkers(['--workers', '3', '--pid-file', pidFile]);
  assert.equal(readFileSync(pidFile, 'utf8'), `${router.pid}\n`);
  for (const line of [/Daemon Startup/g, /Ready to accept connections/g, /listening on 127\.0\.0\.1/g]) {
    assert.equal(router.log.match(line)?.length, 1, `${line}`);
  }
  const status = await router.status();
  assert.equal(status.pid, router.pid);
  assert.equal(status.state, 'ready');
  assert.deepEqual(
    status.workers?.map(({ worker, state, accepting }) => [worker, state, accepting]),
    [1, 2, 3].map((worker) => [worker, 'ready', true]),
  );
  assert.equal(
    status.workers?.reduce((sum, { connections }) => sum + connections.max, 0),
    1000,
  );
  await router.stop();
  assert.equal(existsSync(pidFile), false);
});

test('a stop drains all workers; the second signal stops at once; no process is left', async () => {
  await using router = await startWorkers(['--shutdown-timeout', '60s']);
  const pids = await workerPids(router);
  const clients = await Promise.all(Array.from({ length: 6 }, () => DartClient.join(router.port)));
  router.signal('SIGTERM');
  const ends = await Promise.all(clients.map((client) => client.p2p.stream.whenEnded));
  assert.ok(
    ends.every(({ status }) => status === 14),
    'UNAVAILABLE',
  );
  for (const client of clients) client.connection.destroy();
  assert.deepEqual(await router.exited, { code: 0, signal: null });
  assert.ok(pids.every((pid) => !exists(pid)));
});

test('the second signal stops at once', async () => {
  await using router = await startWorkers(['--shutdown-timeout', '60s']);
  const clients = await Promise.all(Array.from({ length: 4 }, () => DartClient.connect(router.port)));
  for (const client of clients) await client.ping();
  router.signal('SIGTERM');
  await router.logged(/Stopping connections=4/);
  router.signal('SIGTERM');
  assert.deepEqual(await router.exited, { code: 0, signal: null });
  for (const client of clients) client.connection.destroy();
});

test('a parent that is killed takes its workers along, so that the port is free', async () => {
  using folder = new TempFolder();
  await using router = await startWorkers([], { env: { TMPDIR: folder.path } });
  const pids = await workerPids(router);
  assert.equal(readdirSync(folder.path).filter((name) => name.startsWith('rpc-router-')).length, 1);
  router.signal('SIGKILL');
  await router.exited;
  await poll('the workers to end', () => pids.every((pid) => !exists(pid)));
  assert.deepEqual(readdirSync(folder.path), [], 'the folder of their sockets is gone');
  await using next = await RouterProcess.start(['--port', String(router.port)]);
  assert.equal(next.port, router.port);
});

test('a port in use and a bad certificate fail as with one process', async () => {
  using folder = new TempFolder();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  await using inUse = await RouterProcess.startFailing(['--workers', '2', '--port', String(port)]);
  assert.match(inUse.log, /Cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
  assert.equal(inUse.exit?.code, 1);
  taken.close();
  const [cert, key] = [folder.write('cert.pem', 'x'), folder.write('key.pem', 'x')];
  await using noCert = await RouterProcess.startFailing(['--workers', '2', '--tls-cert', cert, '--tls-key', key]);
  assert.match(noCert.log, /cert\.pem/);
  assert.equal(noCert.exit?.code, 2);
});

test('a TMPDIR whose path is too long for Unix sockets: the workers use another folder', async () => {
  using folder = new TempFolder();
  const long = folder.file('x'.repeat(80));
  mkdirSync(long);
  await using router = await startWorkers([], { env: { TMPDIR: long } });
  assert.equal((await workerPids(router)).length, 2);
  assert.deepEqual(readdirSync(long), []);
});

test('USR1 logs the sum and each worker, USR2 debugs all, and their lines name the worker', async () => {
  await using router = await startWorkers();
  using client = await DartClient.join(router.port);
  router.signal('SIGUSR1');
  await router.logged(/Statistics: clients .*connections=1 .*clients=1 /);
  await router.logged(/Statistics: worker worker=2 /);
  router.signal('SIGUSR2');
  await router.logged(/Debug mode on/);
  await client.ping();
  using late = await DartClient.join(router.port);
  await router.logged(/\[DEBUG\] .* worker=[12]/);
  late.connection.destroy();
});

test('metrics carry the worker, and their sums are those of the status', async () => {
  await using router = await startWorkers(['--metrics', '--metrics-port', '0']);
  const clients = await Promise.all(Array.from({ length: 8 }, () => DartClient.join(router.port)));
  await router.until('all clients', ({ clients: { current } }) => current === 8);
  const { body } = await fetchHttp(router.metricsPort ?? 0, '/metrics');
  const values = (name: string): Map<string, number> =>
    new Map(
      [...body.matchAll(new RegExp(`^${name}\\{worker="(\\w+)"\\} (\\S+)$`, 'gm'))].map((m) => [
        m[1] ?? '',
        Number(m[2]),
      ]),
    );
  const sum = (name: string): number => [...values(name).values()].reduce((a, b) => a + b, 0);
  assert.deepEqual([...values('rpc_router_clients').keys()], ['1', '2']);
  assert.equal(sum('rpc_router_clients'), 8);
  assert.equal(sum('rpc_router_connections'), 8);
  assert.equal(sum('rpc_router_connections_max'), 1000);
  assert.deepEqual([...values('process_resident_memory_bytes').keys()], ['parent', '1', '2']);
  assert.deepEqual(values('rpc_router_reloads_total'), new Map([['parent', 0]]));
  assert.equal(values('rpc_router_workers').get('parent'), 2);
  assert.deepEqual(
    [...values('process_start_time_seconds').keys()],
    ['parent'],
    'a new worker is no restart of the router',
  );
  for (const client of clients) client.connection.destroy();
});

test('the status page lists the clients of all workers, sorted and in pages', async () => {
  await using router = await startWorkers(['--status-page-clients']);
  const clients: DartClient[] = [];
  for (let n = 0; n < 6; n++) clients.push(await DartClient.join(router.port, { clientName: `c${n}` }));
  assert.ok((await workersOf(router)).every(({ clients: count }) => count < 7));
  const page = JSON.parse(await router.get('/api/clients?sort=name&order=desc&offset=1&limit=2'));
  assert.deepEqual(
    [page.total, page.matching, page.clients.map(({ clientName }: { clientName: string }) => clientName)],
    [6, 6, ['c4', 'c3']],
  );
  for (const client of clients) client.connection.destroy();
});

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import type { RouterProcess } from '../support/router-process.ts';
import { startWorkers, workerPids, workersOf } from './worker-bed.ts';

/** Connects `count` clients, and returns the one that each worker has. */
async function joinUntilSpread(router: RouterProcess, count = 12): Promise<DartClient[]> {
  const clients: DartClient[] = [];
  for (let n = 0; n < count; n++) clients.push(await DartClient.join(router.port));
  return clients;
}

/** Whether a TCP connection is accepted. */
function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('kill -9 of a worker: the others go on, the port accepts, the worker comes back', async () => {
  await using router = await startWorkers();
  const clients = await joinUntilSpread(router);
  const before = await workersOf(router);
  const [victim] = before;
  assert.ok(victim);
  const streams = clients.map((client) => client.events());
  for (const stream of streams) await stream.next(({ type }) => type === 'routerStats');
  let refused = 0;
  const probing = setInterval(() => void canConnect(router.port).then((ok) => (refused += ok ? 0 : 1)), 20);
  process.kill(victim.pid, 'SIGKILL');
  const after = await router.until(
    'another process of the worker',
    ({ workers = [] }) => workers[0]?.state === 'ready' && workers[0].pid !== victim.pid,
  );
  clearInterval(probing);
  assert.equal(refused, 0);
  assert.equal(after.workers?.[1]?.pid, before[1]?.pid);
  assert.match(router.log, /Worker ended, starting it again worker=1 pid=\d+ exit=SIGKILL reason=crash/);
  const alive = clients.filter(({ connection }) => !connection.closed);
  assert.equal(alive.length, clients.length - victim.clients);
  for (const client of alive) await client.ping();
  const gone = clients.filter((client) => !alive.includes(client)).map(({ id }) => id);
  assert.ok(gone.length > 0 && alive.length > 0, 'clients of both workers');
  for (const client of alive) {
    const stream = streams[clients.indexOf(client)];
    const events = (): unknown[] =>
      (stream?.inbox ?? [])
        .filter(({ message }) => message.type === 'clientDisconnected')
        .map(({ message }) => asMap(message.data).clientId);
    await poll('the events', () => events().length === gone.length);
    assert.deepEqual(events().sort(), gone.sort());
  }
  for (const client of clients) client.connection.destroy();
});

test('a worker that hangs is killed and started again', async () => {
  await using router = await startWorkers(['--worker-timeout', '1s']);
  const [pid = 0] = await workerPids(router);
  process.kill(pid, 'SIGSTOP');
  await router.logged(/Worker does not respond, it is killed worker=1/);
  await router.until('a new process', ({ workers = [] }) => workers[0]?.state === 'ready' && workers[0].pid !== pid);
  const clients = await joinUntilSpread(router, 2);
  for (const client of clients) client.connection.destroy();
});

test('a parent that was stopped for longer than the limit kills no worker', async () => {
  await using router = await startWorkers(['--worker-timeout', '1s']);
  const pids = await workerPids(router);
  router.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  router.signal('SIGCONT');
  const { uptimeMs } = await router.status();
  await router.until('a second more', (status) => status.uptimeMs > uptimeMs + 700);
  assert.deepEqual(await workerPids(router), pids);
});

test('max-connections holds for the whole: no more, and no fewer', async () => {
  await using router = await startWorkers(['--max-connections', '6']);
  const clients: DartClient[] = [];
  for (let n = 0; n < 6; n++) {
    const client = await DartClient.connect(router.port);
    await client.ping();
    clients.push(client);
  }
  await router.until('all in use', ({ connections }) => connections.current === 6);
  await poll('an excess connection to be refused', async () => {
    const excess = await DartClient.connect(router.port);
    const isRefused = await excess.ping().then(
      () => false,
      () => true,
    );
    excess.connection.destroy();
    return isRefused;
  });
  assert.equal((await router.status()).connections.current, 6);
  clients.pop()?.connection.destroy();
  await router.until('a place', ({ connections }) => connections.current === 5);
  await poll('a place to be used', async () => {
    const next = await DartClient.connect(router.port);
    const isServed = await next.ping().then(
      () => true,
      () => false,
    );
    clients.push(next);
    return isServed;
  });
  for (const client of clients) client.connection.destroy();
});

test('connections are spread evenly', async () => {
  await using router = await startWorkers();
  // a burst: Node.js would accept all of it in one process
  const clients = await Promise.all(Array.from({ length: 80 }, () => DartClient.connect(router.port)));
  for (const client of clients) await client.ping();
  const counts = (await workersOf(router)).map(({ connections }) => connections.current);
  assert.ok(Math.max(...counts) <= 80 * 0.7, counts.join('/'));
  for (const client of clients) client.connection.destroy();
});

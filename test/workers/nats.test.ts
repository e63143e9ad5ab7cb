import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { NatsServer, WITHOUT_NATS as skip } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';

/** Each client sends a message to each other one: all arrive, and no error comes back. */
async function sendToEachOther(clients: readonly DartClient[]): Promise<void> {
  for (const sender of clients) {
    for (const receiver of clients) if (sender !== receiver) sender.unicast(receiver.id, {});
  }
  for (const client of clients) {
    for (let n = 1; n < clients.length; n++) assert.equal((await client.next()).message.type, 'unicast');
  }
}

test('workers of two routers that NATS joins: all clients reach each other, the status lists the other router', {
  skip,
}, async () => {
  await using nats = await NatsServer.start();
  const args = ['--workers', '2', '--cluster', nats.url, '--no-metrics'];
  const [a, b] = (await Promise.all(
    ['a', 'b'].map((node) => RouterProcess.start([...args, '--cluster-node', node])),
  )) as [RouterProcess, RouterProcess];
  await using _a = a;
  await using _b = b;
  const clients = await Promise.all(
    [a, a, a, a, b, b, b, b].map((router) => DartClient.join(router.port, { groups: ['g'] })),
  );
  const workers = new Set(clients.map(({ id }) => id.slice(-8)));
  assert.ok(workers.size > 2, `${workers.size} workers have clients`);
  await sendToEachOther(clients);
  for (const client of clients) {
    assert.equal((await client.getOnlineClients({ groups: ['g'] })).length, clients.length);
  }
  const [first] = clients;
  first?.send({ type: 'multicast', senderId: first.id, groupName: 'g', payload: { n: 1 } });
  for (const client of clients.slice(1)) {
    assert.deepEqual((await client.next(({ type }) => type === 'multicast')).message.payload, { n: 1 });
  }
  const { cluster, workers: described } = await a.status();
  assert.equal(described?.length, 2);
  assert.deepEqual([cluster?.label, cluster?.connected], ['a', true]);
  assert.deepEqual(cluster?.nodes.map(({ label }) => label).sort(), ['b/1', 'b/2']);
  assert.equal(
    cluster?.nodes.reduce((sum, node) => sum + node.clients, 0),
    4,
  );
  // a busy machine acknowledges late, so that messages are sent again
  const { retransmitted: _, repeated: __, ...losses } = cluster?.problems ?? {};
  assert.deepEqual(losses, {});
  // NATS is needed between the routers only
  await nats.kill();
  await sendToEachOther(clients.slice(0, 4));
  await poll('the outage to be noticed', async () => (await a.get('/readyz')).trim() === 'degraded');
  for (const { connection } of clients) connection.destroy();
});

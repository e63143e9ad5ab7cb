import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterHarness } from '../../test/support/router-harness.ts';

test('registry: finds a client by id while its stream is open', () => {
  const harness = new RouterHarness();
  const { registry } = harness.core;
  const peer = harness.join();
  const { client } = peer;
  const find = (id: string): boolean => {
    const bytes = Buffer.from(`--${id}--`);
    return registry.find(bytes, 2, bytes.length - 2) === client;
  };
  assert.deepEqual(
    [find(client.id), find(client.id.slice(1)), find(`${client.id}0`), find('')],
    [true, false, false, false],
  );
  peer.p2p.closed();
  assert.equal(find(client.id), false);
  assert.ok(registry.clients.get(client.id) === client, 'still registered');
});

test('registry: a group exists while it has members', () => {
  const harness = new RouterHarness();
  const { registry } = harness.core;
  const clients = [harness.register({ groups: ['a', 'b'] }), harness.register({ groups: ['a'] }), harness.register()];
  const sizes = (): [string, number][] => [...registry.groups].map(([name, members]) => [name, members.size]);
  assert.deepEqual(sizes(), [['a', 2], ['b', 1]]); // biome-ignore format: a table
  harness.core.remove(clients[0] as (typeof clients)[0], 'connectionLost');
  assert.deepEqual(sizes(), [['a', 1]]);
  for (const client of clients) harness.core.remove(client, 'connectionLost');
  assert.deepEqual([sizes(), registry.clients.size, registry.attached.size], [[], 0, 0]);
});

test('registry: duplicate group names count once', () => {
  const harness = new RouterHarness();
  const [sender, member] = [harness.join(), harness.join({ groups: ['a', 'a'] })];
  sender.send({ type: 'multicast', groupName: 'a' });
  assert.equal(member.received().length, 1);
  harness.core.remove(member.client, 'connectionLost');
  assert.equal(harness.core.registry.groups.size, 0);
});

test('registry: removes a client from all indexes, once', () => {
  const harness = new RouterHarness();
  const peer = harness.join({ groups: ['a'] });
  const { client } = peer;
  for (let i = 0; i < 2; i++) harness.core.remove(client, 'tokenRevoked');
  assert.deepEqual([client.removed, client.status, client.connection.clients.size], [true, 'offline', 0]);
  assert.deepEqual(harness.closed, [`${client.id} tokenRevoked`]);
  assert.equal(harness.counters.closed.tokenRevoked, 1);
  peer.send({ type: 'broadcast', senderId: client.id });
  assert.match(String(peer.received()[0]?.errorMessage), /не зарегистрирован/);
});

test('registry: limits clients per connection', () => {
  const harness = new RouterHarness({ maxClientsPerConnection: 2 });
  const connection = harness.connect();
  const first = harness.register({ connection });
  harness.register({ connection });
  assert.equal(harness.core.refusalOf(connection), 'Too many clients on one connection: at most 2');
  assert.equal(harness.counters.clientsTotal, 2);
  harness.core.remove(first, 'zombie');
  assert.equal(harness.core.refusalOf(connection), null);
});

test('registry: distinguishes clients on one connection by their streams', () => {
  const harness = new RouterHarness();
  const connection = harness.connect();
  const [a, b] = [harness.join({ connection }), harness.join({ connection })];
  a.send({ type: 'unicast', targetId: b.id, senderId: b.id });
  assert.deepEqual(b.received(), [{ type: 'unicast', targetId: b.id, senderId: a.id }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterBench } from '../../test/support/router-bench.ts';

test('a client is found by its id while its stream is open', () => {
  const bench = new RouterBench();
  const { registry } = bench.core;
  const peer = bench.join();
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

test('groups are there as long as they have members', () => {
  const bench = new RouterBench();
  const { registry } = bench.core;
  const clients = [bench.register({ groups: ['a', 'b'] }), bench.register({ groups: ['a'] }), bench.register()];
  const sizes = (): [string, number][] => [...registry.groups].map(([name, members]) => [name, members.size]);
  assert.deepEqual(sizes(), [['a', 2], ['b', 1]]); // biome-ignore format: a table
  bench.core.remove(clients[0] as (typeof clients)[0], 'connectionLost');
  assert.deepEqual(sizes(), [['a', 1]]);
  for (const client of clients) bench.core.remove(client, 'connectionLost');
  assert.deepEqual([sizes(), registry.clients.size, registry.attached.size], [[], 0, 0]);
});

test('a group that is named twice has its member once', () => {
  const bench = new RouterBench();
  const [sender, member] = [bench.join(), bench.join({ groups: ['a', 'a'] })];
  sender.send({ type: 'multicast', groupName: 'a' });
  assert.equal(member.received().length, 1);
  bench.core.remove(member.client, 'connectionLost');
  assert.equal(bench.core.registry.groups.size, 0);
});

test('a client that is removed is gone everywhere, and removed once', () => {
  const bench = new RouterBench();
  const peer = bench.join({ groups: ['a'] });
  const { client } = peer;
  for (let i = 0; i < 2; i++) bench.core.remove(client, 'tokenRevoked');
  assert.deepEqual([client.removed, client.status, client.connection.clients.size], [true, 'offline', 0]);
  assert.deepEqual(bench.closed, [`${client.id} tokenRevoked`]);
  assert.equal(bench.counters.closed.tokenRevoked, 1);
  peer.send({ type: 'broadcast', senderId: client.id });
  assert.match(String(peer.received()[0]?.errorMessage), /не зарегистрирован/);
});

test('a connection has its share of clients and no more', () => {
  const bench = new RouterBench({ maxClientsPerConnection: 2 });
  const connection = bench.connect();
  const profile = { name: null, groups: [], metadata: Buffer.from([0xa0]) };
  const first = bench.register({ connection });
  bench.register({ connection });
  assert.equal(bench.core.register(connection, profile, ''), 'Too many clients on one connection: at most 2');
  assert.equal(bench.counters.clientsTotal, 2);
  bench.core.remove(first, 'zombie');
  assert.equal(typeof bench.core.register(connection, profile, ''), 'object');
});

test('several clients on one connection are told apart, each by its own stream', () => {
  const bench = new RouterBench();
  const connection = bench.connect();
  const [a, b] = [bench.join({ connection }), bench.join({ connection })];
  a.send({ type: 'unicast', targetId: b.id, senderId: b.id });
  assert.deepEqual(b.received(), [{ type: 'unicast', targetId: b.id, senderId: a.id }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Double, type Encodable } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

async function names(client: DartClient, filter: { groups?: Encodable; metadata?: Encodable }): Promise<unknown[]> {
  return (await client.getOnlineClients(filter)).map(({ clientName }) => clientName).sort();
}

test('an entry: has all keys in their types', async () => {
  using client = await router.connect();
  const before = Date.now();
  const id = await client.register({ groups: ['g'] });
  const own = (await client.getOnlineClients()).find(({ clientId }) => clientId === id);
  assert.deepEqual(Object.keys(own ?? {}).sort(), [
    'clientId',
    'clientName',
    'connectedAt',
    'groups',
    'lastActivity',
    'metadata',
    'status',
  ]);
  assert.equal(own?.clientName, null);
  assert.equal(own?.status, 'online');
  assert.deepEqual(own?.groups, ['g']);
  for (const time of [own?.connectedAt, own?.lastActivity]) {
    assert.ok(typeof time === 'number' && time >= before - 1 && time <= Date.now() + 1);
  }
});

test('filter groups: match any given group', async () => {
  using client = await router.connect();
  await client.register({ clientName: 'a', groups: ['any-red', 'any-blue'] });
  await client.register({ clientName: 'b', groups: ['any-blue'] });
  await client.register({ clientName: 'c', groups: ['any-green'] });
  assert.deepEqual(await names(client, { groups: ['any-red'] }), ['a']);
  assert.deepEqual(await names(client, { groups: ['any-blue'] }), ['a', 'b']);
  assert.deepEqual(await names(client, { groups: ['any-red', 'any-green'] }), ['a', 'c']);
  assert.deepEqual(await names(client, { groups: ['any-none'] }), []);
});

test('filter metadata: matches if all given entries are equal', async () => {
  using client = await router.connect();
  await client.register({ clientName: 'm1', metadata: { all: 'x', os: 'linux', flag: true } });
  await client.register({ clientName: 'm2', metadata: { all: 'x', os: 'mac', flag: false } });
  assert.deepEqual(await names(client, { metadata: { all: 'x' } }), ['m1', 'm2']);
  assert.deepEqual(await names(client, { metadata: { all: 'x', os: 'mac' } }), ['m2']);
  assert.deepEqual(await names(client, { metadata: { all: 'x', flag: true } }), ['m1']);
  assert.deepEqual(await names(client, { metadata: { all: 'x', absent: 1 } }), []);
  assert.deepEqual(await names(client, { metadata: { all: 'X' } }), []);
});

test('filter groups and metadata: both must match', async () => {
  using client = await router.connect();
  await client.register({ clientName: 'b1', groups: ['both'], metadata: { side: 1 } });
  await client.register({ clientName: 'b2', groups: ['both'], metadata: { side: 2 } });
  await client.register({ clientName: 'b3', metadata: { side: 2 } });
  assert.deepEqual(await names(client, { groups: ['both'], metadata: { side: 2 } }), ['b2']);
});

test('filter: 1 equals 1.0, on either side', async () => {
  using client = await router.connect();
  await client.register({ clientName: 'int', metadata: { one: 1, kind: 'num' } });
  await client.register({ clientName: 'double', metadata: { one: new Double(1), kind: 'num' } });
  for (const one of [1, new Double(1)]) {
    assert.deepEqual(await names(client, { metadata: { one, kind: 'num' } }), ['double', 'int']);
  }
  assert.deepEqual(await names(client, { metadata: { one: '1', kind: 'num' } }), []);
  assert.deepEqual(await names(client, { metadata: { one: true, kind: 'num' } }), []);
});

test('filter: 64-bit integers are compared exactly', async () => {
  using client = await router.connect();
  const values = [9223372036854775807n, 9223372036854775806n, 9007199254740993n, 9007199254740992n];
  for (const big of values) await client.register({ clientName: String(big), metadata: { big } });
  for (const big of values) assert.deepEqual(await names(client, { metadata: { big } }), [String(big)]);
});

test('a disconnected client: not listed', async () => {
  using watcher = await router.connect();
  using leaving = await router.join({ clientName: 'leaving', groups: ['leavers'] });
  assert.deepEqual(await names(watcher, { groups: ['leavers'] }), ['leaving']);
  await leaving.close();
  await poll('it to be unlisted', async () => (await names(watcher, { groups: ['leavers'] })).length === 0);
});

test('an unreadable filter: INVALID_ARGUMENT', async () => {
  using client = await router.connect();
  for (const filter of [{ groups: 7 }, { groups: [7] }, { metadata: 'x' }]) {
    assert.equal((await client.unary('getOnlineClients', filter)).end.status, 3, JSON.stringify(filter));
  }
});

test('a long list: arrives completely', async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => router.connect()));
  // fifty requests at once fit the initial connection window
  const metadata = { note: 'x'.repeat(1000) };
  const registering = clients.flatMap((client) =>
    Array.from({ length: 50 }, () => client.register({ groups: ['crowd'], metadata })),
  );
  const ids = (await Promise.all(registering)).sort();
  const listed = await (clients[0] as DartClient).getOnlineClients({ groups: ['crowd'] });
  assert.deepEqual(listed.map(({ clientId }) => String(clientId)).sort(), ids);
  for (const client of clients) client.connection.destroy();
});

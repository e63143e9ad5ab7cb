import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap, Double, Raw } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { poll, quiet } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

async function infoOf(client: DartClient): Promise<CborMap> {
  const info = (await client.getOnlineClients()).find(({ clientId }) => clientId === client.id);
  assert.ok(info !== undefined, 'the client is listed');
  return info;
}

/** Resolves when the router has processed all earlier messages of the client. */
async function settled(client: DartClient): Promise<void> {
  client.unicast(client.id, { settled: true });
  await client.p2p.ofType('unicast');
}

test('heartbeat: updates lastActivity and is not forwarded', async () => {
  using client = await router.join();
  using other = await router.join();
  const { lastActivity, connectedAt } = await infoOf(client);
  await quiet(20);
  client.send({ type: 'heartbeat', senderId: client.id, targetId: other.id, timestamp: 1 });
  await settled(client);
  const after = await infoOf(client);
  assert.ok(Number(after.lastActivity) >= Number(lastActivity) + 15);
  assert.equal(after.connectedAt, connectedAt);
  assert.equal(client.p2p.inbox.length, 0, 'a later heartbeat is not answered');
  assert.equal(other.p2p.inbox.length, 0);
});

test('lastActivity: updated by any message', async () => {
  using client = await router.join();
  const { lastActivity } = await infoOf(client);
  await quiet(20);
  await settled(client);
  assert.ok(Number((await infoOf(client)).lastActivity) >= Number(lastActivity) + 15);
});

test('updateMetadata: replaces the whole map', async () => {
  using client = await router.join({ metadata: { a: 1, b: 2 } });
  client.send({ type: 'updateMetadata', payload: { metadata: { c: new Double(3) } } });
  await settled(client);
  assert.deepEqual((await infoOf(client)).metadata, { c: new Double(3) });
  client.send({ type: 'updateMetadata', payload: { metadata: {} } });
  await settled(client);
  assert.deepEqual((await infoOf(client)).metadata, {});
});

test('updateMetadata: stored byte for byte and used by filters', async () => {
  using client = await router.join({ metadata: { color: 'red' } });
  const metadata = Buffer.from('a3617a1801656f74686572f66363757401', 'hex'); // z: 1 in two bytes, keys unsorted
  client.send({ type: 'updateMetadata', payload: { metadata: new Raw(metadata) } });
  await settled(client);
  const { body } = await client.unary('getOnlineClients', {});
  assert.ok(body?.includes(metadata));
  const matching = await client.getOnlineClients({ metadata: { z: 1, cut: 1 } });
  assert.deepEqual(
    matching.map(({ clientId }) => clientId),
    [client.id],
  );
});

test('updateMetadata: sends an event to subscribers', async () => {
  using watcher = await router.connect();
  const events = watcher.events();
  await events.ofType('routerStats');
  using client = await router.join();
  client.send({ type: 'updateMetadata', payload: { metadata: { one: new Double(1), two: 2 } } });
  const { message } = await events.next(
    ({ type, data }) => type === 'clientCapabilitiesUpdated' && asMap(data).clientId === client.id,
  );
  assert.deepEqual(asMap(message.data).metadata, { one: new Double(1), two: 2 });
});

for (const [name, payload] of [
  ['no payload', undefined],
  ['no metadata', {}],
  ['metadata that is no map', { metadata: 'away' }],
  ['metadata that is null', { metadata: null }],
] as const) {
  test(`updateMetadata with ${name}: changes nothing and is counted`, async () => {
    using client = await router.join({ metadata: { kept: true } });
    const before = (await router.process.status()).messages.dropped;
    client.send({ type: 'updateMetadata', payload });
    await settled(client);
    assert.deepEqual((await infoOf(client)).metadata, { kept: true });
    await poll('it to be counted', async () => {
      const after = (await router.process.status()).messages.dropped;
      return Object.entries(after).some(([reason, count]) => count > (before[reason] ?? 0));
    });
  });
}

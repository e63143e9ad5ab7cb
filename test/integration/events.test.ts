import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap, type Encodable, encodeCbor } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { frameBody } from '../support/framing.ts';
import { MessageStream } from '../support/message-stream.ts';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

async function watch(client: DartClient): Promise<{ events: MessageStream; stats: CborMap }> {
  const events = client.events();
  const { message } = await events.next();
  assert.equal(message.type, 'routerStats', 'always the first event');
  return { events, stats: asMap(message.data) };
}

const about =
  (type: string, clientId: string) =>
  (message: CborMap): boolean =>
    message.type === type && asMap(message.data).clientId === clientId;

test('events: the first event is routerStats, with integers', async () => {
  using client = await router.join();
  const { stats } = await watch(client);
  assert.equal(typeof stats.activeClients, 'number');
  assert.equal(typeof stats.messagesPerSecond, 'number');
  const counts = asMap(stats.messageTypeCounts);
  assert.ok('total' in counts);
  for (const [type, count] of Object.entries(counts)) assert.equal(typeof count, 'number', type);
});

test('routerStats: match the state of the router', async () => {
  using client = await router.join();
  const before = asMap((await watch(client)).stats.messageTypeCounts);
  for (let n = 0; n < 30; n++) client.unicast(client.id, { n });
  client.send({ type: 'broadcast', payload: {} });
  for (let n = 0; n < 30; n++) await client.p2p.ofType('unicast');
  const { stats } = await watch(client);
  const after = asMap(stats.messageTypeCounts);
  assert.equal(Number(after.unicast) - Number(before.unicast ?? 0), 30);
  assert.ok(Number(after.total) - Number(before.total) >= 31);
  const others = Object.entries(after).filter(([type]) => type !== 'total');
  assert.equal(
    others.reduce((sum, [, count]) => sum + Number(count), 0),
    after.total,
  );
  assert.equal(stats.activeClients, (await client.getOnlineClients()).length);
});

test('messagesPerSecond: follows the traffic', async () => {
  using client = await router.join();
  await poll('a rate', async () => {
    for (let n = 0; n < 100; n++) client.unicast(client.id, { n });
    const { events, stats } = await watch(client);
    events.stream.reset();
    return Number(stats.messagesPerSecond) > 0;
  });
});

test('clientConnected: sent at register, with the groups as capabilities', async () => {
  using watcher = await router.connect();
  const { events } = await watch(watcher);
  using client = await router.connect();
  await client.register({ clientName: 'алиса', groups: ['a', 'b'] });
  const { message } = await events.next(about('clientConnected', client.id));
  assert.deepEqual(message.data, { clientId: client.id, clientName: 'алиса', capabilities: ['a', 'b'] });
  assert.equal(typeof message.timestamp, 'number');
});

test('clientConnected: of a client without a name and groups', async () => {
  using watcher = await router.connect();
  const { events } = await watch(watcher);
  using client = await router.connect();
  await client.register();
  const data = asMap((await events.next(about('clientConnected', client.id))).message.data);
  assert.ok(data.clientName === undefined || data.clientName === null);
  assert.deepEqual(data.capabilities ?? [], []);
});

test('clientDisconnected: has a reason', async () => {
  using watcher = await router.connect();
  const { events } = await watch(watcher);
  using client = await router.join();
  await client.close();
  const { message } = await events.next(about('clientDisconnected', client.id));
  assert.deepEqual(message.data, { clientId: client.id, reason: 'Connection lost' });
});

test('events: every subscriber receives all events in its framing and in order', async () => {
  using once = await router.connect({ framing: 1 });
  using twice = await router.connect({ framing: 2 });
  const streams = [(await watch(once)).events, (await watch(twice)).events];
  using client = await router.connect();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push(await client.register({ groups: ['same-order'] }));
  for (const events of streams) {
    const heard: Encodable[] = [];
    for (const id of ids) {
      await events.next(about('clientConnected', id));
      heard.push(id);
    }
    assert.deepEqual(heard, ids);
  }
});

test('events: encoded like the Dart encoder', async () => {
  using watcher = await router.connect();
  const { events } = await watch(watcher);
  using client = await router.join({ clientName: 'w', groups: ['z', 'a'] });
  const { message, body } = await events.next(about('clientConnected', client.id));
  assert.deepEqual(encodeCbor(message), body);
});

test('a subscription: needs no registration; its content is ignored', async () => {
  using client = await router.connect();
  for (const content of [{}, { v: 1 }, { v: 'x', y: [1] }]) {
    const call = client.open('events');
    const events = new MessageStream(call, 2);
    call.send(frameBody(encodeCbor(content), 2), true);
    assert.equal((await events.next()).message.type, 'routerStats');
  }
});

test('a subscriber that disconnects: does not affect others', async () => {
  using watcher = await router.connect();
  using leaving = await router.connect();
  const { events } = await watch(watcher);
  const gone = (await watch(leaving)).events;
  gone.stream.reset();
  using third = await router.connect();
  const fourth = (await watch(third)).events;
  third.reset();
  using client = await router.connect();
  await client.register();
  await events.next(about('clientConnected', client.id));
  assert.equal(gone.fault ?? fourth.fault, null);
});

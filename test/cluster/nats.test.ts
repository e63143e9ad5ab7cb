import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { NatsServer, WITHOUT_NATS as skip } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';

/** Starts `count` routers that share a NATS server. */
async function startNodes(count: number, url: string, args: readonly string[] = []): Promise<RouterProcess[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      RouterProcess.start(['--cluster', url, '--cluster-node', `node-${i}`, '--no-metrics', ...args]),
    ),
  );
}

/** 10,000 ids in all. */
const FLOWS = 20;
const IDS_PER_FLOW = 500;

const isUnicast = ({ type }: CborMap): boolean => type === 'unicast';
const isAnswer = ({ type }: CborMap): boolean => type === 'unicast' || type === 'error';

test('nats: clients of two routers reach each other, are listed on both, and each change is one event', {
  skip,
}, async () => {
  await using nats = await NatsServer.start();
  const [a, b] = (await startNodes(2, nats.url)) as [RouterProcess, RouterProcess];
  await using _a = a;
  await using _b = b;
  const near = await DartClient.join(a.port, { clientName: 'near' });
  const events = near.events();
  await events.next(({ type }) => type === 'routerStats');
  const far = await DartClient.join(b.port, { clientName: 'far', groups: ['g'] }, { framing: 1 });
  const { message } = await events.next(({ type }) => type === 'clientConnected');
  assert.deepEqual(message.data, { clientId: far.id, clientName: 'far', capabilities: ['g'] });
  near.unicast(far.id, { n: 1 });
  assert.deepEqual((await far.next(isUnicast)).message.payload, { n: 1 });
  near.send({ type: 'multicast', senderId: near.id, groupName: 'g', payload: { n: 2 } });
  near.send({ type: 'broadcast', senderId: near.id, payload: { n: 3 } });
  assert.deepEqual((await far.next()).message.payload, { n: 2 });
  assert.deepEqual((await far.next()).message.payload, { n: 3 });
  for (const client of [near, far]) {
    const names = (await client.getOnlineClients()).map(({ clientName }) => clientName);
    assert.deepEqual(names.sort(), ['far', 'near']);
  }
  near.send({ type: 'request', senderId: near.id, targetId: far.id, payload: { requestId: 'r' } });
  await far.next(({ type }) => type === 'request');
  far.send({ type: 'response', senderId: far.id, targetId: near.id, payload: { requestId: 'r' }, success: true });
  assert.equal((await near.next(({ type }) => type === 'response')).message.success, true);
  far.connection.destroy();
  const gone = await events.next(({ type }) => type === 'clientDisconnected');
  assert.deepEqual(gone.message.data, { clientId: far.id, reason: 'Connection lost' });
  near.unicast(far.id, {});
  assert.match(String((await near.next(isAnswer)).message.errorMessage), /не найден/);
  near.connection.destroy();
});

test('nats: an id used on another node right after its registration is always found', {
  skip,
}, async () => {
  await using nats = await NatsServer.start();
  const [a, b] = (await startNodes(2, nats.url, ['--max-clients-per-connection', '10000'])) as [
    RouterProcess,
    RouterProcess,
  ];
  await using _a = a;
  await using _b = b;
  const useIds = async (): Promise<void> => {
    using sender = await DartClient.join(a.port);
    using owner = await DartClient.connect(b.port);
    for (let i = 0; i < IDS_PER_FLOW; i++) {
      const { clientId } = await owner.tryRegister();
      const stream = await owner.bind(clientId);
      sender.unicast(clientId, { i });
      assert.deepEqual((await stream.next(isUnicast)).message.payload, { i });
      stream.halfClose();
    }
    assert.equal(sender.p2p.inbox.length, 0, 'no error came back');
  };
  await Promise.all(Array.from({ length: FLOWS }, useIds));
});

test('nats: a restart of NATS within a second loses, repeats and reorders nothing', { skip }, async () => {
  await using nats = await NatsServer.start();
  const [a, b] = (await startNodes(2, nats.url, ['--cluster-stall-timeout', '20s'])) as [RouterProcess, RouterProcess];
  await using _a = a;
  await using _b = b;
  const sender = await DartClient.join(a.port);
  const receiver = await DartClient.join(b.port);
  const events = sender.events();
  await events.next(({ type }) => type === 'routerStats');
  let sent = 0;
  const feed = setInterval(() => {
    for (let i = 0; i < 20; i++) sender.unicast(receiver.id, { n: sent++ });
  }, 5);
  await poll('messages to flow', () => receiver.p2p.receivedCount > 500);
  await nats.kill();
  const atKill = receiver.p2p.receivedCount;
  await poll('the outage to be noticed', () => /NATS/.test(a.log) && sent > atKill + 1000);
  await nats.start();
  await poll('messages to flow again', () => receiver.p2p.receivedCount > atKill + 2000);
  clearInterval(feed);
  await poll('the last message', () => receiver.p2p.inbox.length >= sent);
  const numbers = receiver.p2p.inbox.map(({ message }) => asMap(message.payload ?? {}).n);
  assert.deepEqual(
    numbers,
    Array.from({ length: sent }, (_, n) => n),
  );
  assert.deepEqual([sender.p2p.inbox.length, events.inbox.length], [0, 0]);
  for (const { connection } of [sender, receiver]) connection.destroy();
});

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(`nats: after ${signal} of a node its clients are removed within 5 s, once`, { skip }, async () => {
    await using nats = await NatsServer.start();
    const [a, b] = (await startNodes(2, nats.url)) as [RouterProcess, RouterProcess];
    await using _a = a;
    await using _b = b;
    const watcher = await DartClient.join(a.port);
    const events = watcher.events();
    await events.next(({ type }) => type === 'routerStats');
    const victims = await Promise.all([DartClient.join(b.port), DartClient.join(b.port)]);
    for (const _ of victims) await events.next(({ type }) => type === 'clientConnected');
    b.signal(signal);
    const lost = [await events.next(), await events.next()].map(({ message }) => asMap(message.data ?? {}).clientId);
    assert.deepEqual(lost.sort(), victims.map(({ id }) => id).sort());
    watcher.unicast(victims[0]?.id ?? '', {});
    assert.match(String((await watcher.next(isAnswer)).message.errorMessage), /не найден/);
    if (signal === 'SIGSTOP') {
      b.signal('SIGCONT');
      const back = [await events.next(), await events.next()].map(({ message }) => message.type);
      assert.deepEqual(back, ['clientConnected', 'clientConnected']);
      watcher.unicast(victims[0]?.id ?? '', { again: true });
      await victims[0]?.next(isUnicast);
    }
    for (const { connection } of [watcher, ...victims]) connection.destroy();
  });
}

test('nats: without NATS at the start the router serves its own clients, and joins later', { skip }, async () => {
  await using nats = await NatsServer.start();
  await nats.kill();
  const [a, b] = (await startNodes(2, nats.url)) as [RouterProcess, RouterProcess];
  await using _a = a;
  await using _b = b;
  const [one, two] = [await DartClient.join(a.port), await DartClient.join(a.port)];
  const far = await DartClient.join(b.port);
  one.unicast(two.id, { n: 1 });
  await two.next(isUnicast);
  one.unicast(far.id, {});
  assert.match(String((await one.next(isAnswer)).message.errorMessage), /не найден/);
  await nats.start();
  await poll('all clients to be listed', async () => (await one.getOnlineClients()).length === 3);
  one.unicast(far.id, { n: 2 });
  await far.next(isUnicast);
  for (const { connection } of [one, two, far]) connection.destroy();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap } from '../support/cbor.ts';
import type { DartClient, RegisterRequest } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';
import { WsClient } from '../support/ws-client.ts';

/** Clients of two workers see each other as those of one router. */

const router = useRouter(['--workers', '2', '--no-metrics', '--max-clients-per-connection', '10000']);

/** The part of a client id that names the worker. */
const workerOf = (id: string): string => id.slice(-8);

/** Connects clients with `request` until two workers have one; returns one of each. */
async function joinBoth(near: RegisterRequest = {}, far: RegisterRequest = {}): Promise<[DartClient, DartClient]> {
  const first = await router.join(near, { framing: 2 });
  const second = await poll('a client of the other worker', async () => {
    const client = await router.join(far, { framing: 1 });
    if (workerOf(client.id) !== workerOf(first.id)) return client;
    client.connection.destroy();
    return null;
  });
  return [first, second];
}

const isAnswer = ({ type }: CborMap): boolean => type === 'unicast' || type === 'error';

test('messages of each kind, requests and lists', async () => {
  const [near, far] = await joinBoth({ clientName: 'near' }, { clientName: 'far', groups: ['g'] });
  near.unicast(far.id, { n: 1 });
  near.send({ type: 'multicast', senderId: near.id, groupName: 'g', payload: { n: 2 } });
  near.send({ type: 'broadcast', senderId: near.id, payload: { n: 3 } });
  near.unicast(far.id, { n: 4 });
  for (const n of [1, 2, 3, 4]) assert.deepEqual((await far.next()).message.payload, { n });
  near.send({ type: 'request', senderId: near.id, targetId: far.id, payload: { requestId: 'r' } });
  await far.next(({ type }) => type === 'request');
  far.send({ type: 'response', senderId: far.id, targetId: near.id, payload: { requestId: 'r' }, success: true });
  assert.equal((await near.next(({ type }) => type === 'response')).message.success, true);
  for (const client of [near, far]) {
    const ids = (await client.getOnlineClients({ groups: ['g'] })).map(({ clientId }) => clientId);
    assert.deepEqual(ids, [far.id]);
  }
  assert.equal(near.p2p.inbox.length, 0, 'no error came back');
});

test('each change is one event at a subscriber of each worker, and the statistics are those of all', async () => {
  const watchers = await joinBoth();
  const streams = watchers.map((watcher) => watcher.events());
  for (const stream of streams) {
    const { message } = await stream.next(({ type }) => type === 'routerStats');
    assert.equal(asMap(message.data).activeClients, (await watchers[0].getOnlineClients()).length);
  }
  const pair = await joinBoth({ clientName: 'c' }, { clientName: 'c' });
  for (const { id, connection } of pair) {
    connection.destroy();
    for (const stream of streams) {
      const { message } = await stream.next(
        ({ type, data }) => type === 'clientDisconnected' && asMap(data).clientId === id,
      );
      assert.equal(asMap(message.data).reason, 'Connection lost');
    }
  }
  for (const stream of streams) {
    const twice = stream.inbox.filter(({ message }) => pair.some(({ id }) => asMap(message.data).clientId === id));
    assert.deepEqual(
      twice.map(({ message }) => message.type).filter((type) => type === 'clientDisconnected'),
      [],
    );
  }
  watchers[0].unicast(pair[1].id, {});
  assert.match(String((await watchers[0].next(isAnswer)).message.errorMessage), /не найден/);
});

test('an id that one worker has registered is found by the other at once, every time', async () => {
  const [sender, owner] = await joinBoth();
  for (let i = 0; i < 1000; i++) {
    const { clientId } = await owner.tryRegister();
    const stream = await owner.bind(clientId);
    sender.unicast(clientId, { i });
    assert.deepEqual((await stream.next(({ type }) => type === 'unicast')).message.payload, { i });
    stream.halfClose();
  }
  assert.equal(sender.p2p.inbox.length, 0, 'no error came back');
});

test('a WebSocket client of one worker and an HTTP/2 client of the other', async () => {
  const [near, far] = await joinBoth();
  const browser = await WsClient.join(router.port);
  const other = workerOf(near.id) === workerOf(browser.id) ? far : near;
  other.unicast(browser.id, { n: 1 });
  assert.deepEqual((await browser.next()).payload, { n: 1 });
  browser.send({ type: 'unicast', targetId: other.id, payload: { n: 2 } });
  assert.deepEqual((await other.next(isAnswer)).message.payload, { n: 2 });
  browser.ws.terminate();
});

test('a message between workers is counted once', async () => {
  const [near, far] = await joinBoth();
  const before = (await router.process.status()).messages;
  for (let n = 0; n < 50; n++) near.unicast(far.id, { n });
  await poll('all messages', () => far.p2p.inbox.length === 50);
  const after = (await router.process.status()).messages;
  const delta = (key: 'inByType' | 'outByType'): number => (after[key].unicast ?? 0) - (before[key].unicast ?? 0);
  assert.deepEqual([delta('inByType'), delta('outByType')], [50, 50]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefix } from '../support/framing.ts';
import { useRouter } from '../support/using-router.ts';
import { WsClient } from '../support/ws-client.ts';
import type { Generation } from '../support/ws-envelope.ts';

const router = useRouter();
const GENERATIONS: readonly Generation[] = ['flags', 'frame'];

for (const generation of GENERATIONS)
  for (const framing of [1, 2] as const) {
    const options = { generation, framing };
    const join = (request = {}) => WsClient.join(router.port, request, options);
    const named = (name: string, run: () => Promise<void>) => test(`${generation}, framed ${framing}x: ${name}`, run);

    named('register, ping and getOnlineClients', async () => {
      using client = await WsClient.connect(router.port, options);
      await client.register({ clientName: 'a', groups: ['g'], metadata: { k: 1 } });
      const pong = await client.call('ping', { v: 1749925815123 });
      assert.equal(pong.timestamp, 1749925815123);
      const { clients } = (await client.call('getOnlineClients', { groups: ['g'] })) as {
        clients: { clientId: string }[];
      };
      assert.ok(clients.some(({ clientId }) => clientId === client.id));
    });

    named('unicast, in both directions, with HTTP/2 too', async () => {
      using alice = await join();
      using bob = await join();
      const carol = await router.join({}, { framing });
      alice.send({ type: 'unicast', senderId: alice.id, targetId: bob.id, payload: { n: 1 } });
      assert.deepEqual((await bob.next()).payload, { n: 1 });
      bob.send({ type: 'unicast', senderId: bob.id, targetId: carol.id, payload: { n: 2 } });
      assert.deepEqual((await carol.next()).message.payload, { n: 2 });
      carol.send({ type: 'unicast', senderId: carol.id, targetId: alice.id, payload: { n: 3 } });
      assert.deepEqual((await alice.next()).payload, { n: 3 });
      carol.connection.destroy();
    });

    named('broadcast, multicast, request and response', async () => {
      const group = `g-${generation}-${framing}`;
      using alice = await join();
      using bob = await join({ groups: [group] });
      alice.send({ type: 'broadcast', senderId: alice.id, payload: { n: 1 } });
      assert.equal((await bob.next()).type, 'broadcast');
      alice.send({ type: 'multicast', senderId: alice.id, groupName: group, payload: { n: 2 } });
      assert.equal((await bob.next()).type, 'multicast');
      alice.send({ type: 'request', senderId: alice.id, targetId: bob.id, payload: { requestId: 'r1', q: 1 } });
      assert.equal((await bob.next()).type, 'request');
      bob.send({ type: 'response', targetId: alice.id, payload: { requestId: 'r1' }, success: true });
      const answer = await alice.next();
      assert.deepEqual([answer.type, answer.senderId], ['response', bob.id]);
    });

    named('errors of p2p come as messages', async () => {
      using alice = await join();
      alice.send({ type: 'unicast', senderId: alice.id, targetId: 'nope', payload: {} });
      const error = await alice.next();
      assert.deepEqual([error.type, error.errorMessage], ['error', 'Клиент nope не найден или отключен']);
    });

    named('events start with routerStats and need the half-close', async () => {
      using client = await WsClient.connect(router.port, options);
      const events = client.open('events');
      events.send({ v: null });
      events.end();
      assert.equal((await events.next()).type, 'routerStats');
      assert.equal(events.received[0]?.headers, null, 'no headers before the first event');
      using other = await join();
      assert.equal((await events.next()).type, 'clientConnected');
      assert.ok(other.id);
    });

    named('an unknown method and a malformed request end with a status and readable text', async () => {
      using client = await WsClient.connect(router.port, options);
      const unknown = client.open('nosuch');
      unknown.send({ v: 1 }, true);
      const trailers = await unknown.trailers();
      assert.deepEqual(trailers, {
        'grpc-status': '12',
        'grpc-message': 'The server does not implement the method /router/nosuch',
      });
      const malformed = client.open('ping');
      malformed.sendBytes(prefix(prefix(Buffer.from('80', 'hex'))), true);
      assert.equal((await malformed.trailers())['grpc-status'], '3');
      const empty = client.open('ping');
      empty.end();
      assert.equal((await empty.trailers())['grpc-message'], 'No request message');
    });

    named('a half-close ends p2p with OK; later messages of the stream are ignored', async () => {
      using client = await join();
      client.p2p.end();
      assert.deepEqual(await client.p2p.trailers(), { 'grpc-status': '0' });
      client.send({ type: 'heartbeat', senderId: client.id });
      client.p2p.end();
      assert.equal((await client.call('ping', { v: 1 })).timestamp, 1);
      assert.equal(client.p2p.received.filter(({ isEnd }) => isEnd).length, 1);
      await client.bind();
    });
  }

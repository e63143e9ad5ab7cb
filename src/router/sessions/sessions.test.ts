import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';
import type { Client } from '../client.ts';
import { ANONYMOUS } from '../identity.ts';
import type { SessionAnswer } from './session-answer.ts';

const WINDOW_MS = 60_000;

/** Registers a client with a session, and attaches a stream by its token. */
function joinWithSession(harness: RouterHarness): { client: Client; answer: SessionAnswer; peer: Peer } {
  const client = harness.register();
  const answer = harness.core.sessions.open(client);
  return { client, answer, peer: attach(harness, client, answer.token) };
}

/** Opens a stream on a new connection and binds it by `token`; discards the confirmation. */
function attach(harness: RouterHarness, client: Client, token: string, connection = harness.connect()): Peer {
  const peer = harness.open(connection);
  peer.send({ type: 'heartbeat', senderId: client.id, payload: { session: token } });
  return peer;
}

const texts = (peer: Peer): unknown[] =>
  peer
    .received()
    .filter(({ type }) => type !== 'heartbeat')
    .map(({ payload }) => (payload as { n: unknown }).n);

/** The counts of the acknowledgements that arrived. */
const acknowledged = (peer: Peer): unknown[] =>
  peer
    .received()
    .map(({ payload }) => (payload as { received?: unknown }).received)
    .filter((count) => count !== undefined);

const send = (from: Peer, to: Client, n: number): void =>
  from.send({ type: 'unicast', targetId: to.id, payload: { n } });

test('a stream: binds by its token on another connection than that of the registration', () => {
  const harness = new RouterHarness();
  const { client, peer } = joinWithSession(harness);
  assert.equal(peer.received()[0]?.success, true);
  assert.equal(client.connection, peer.session?.connection);
});

test('messages to a client that never attached a stream: kept for it', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const client = harness.register();
  const { token } = harness.core.sessions.open(client);
  send(bob, client, 1);
  assert.deepEqual(texts(bob), [], 'no error');
  assert.deepEqual(texts(attach(harness, client, token)), [1]);
});

test('a lost connection: loses no message in either direction', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { client, answer, peer } = joinWithSession(harness);
  send(bob, client, 1);
  send(peer, bob.client, 10);
  assert.deepEqual([texts(peer), texts(bob)], [[1], [10]]);
  harness.core.connectionClosed(client.connection, 'connectionLost');
  peer.p2p.closed();
  send(bob, client, 2);
  assert.deepEqual([client.removed, client.status], [false, 'idle']);
  const resumed = harness.core.sessions.resume(answer.token, 1, harness.connect(), ANONYMOUS, {});
  assert.deepEqual(
    [resumed?.answer.resumed, resumed?.answer.received, resumed?.answer.lost, resumed?.client === client],
    [true, 1, 0, true],
  );
  const again = attach(harness, client, resumed?.answer.token ?? '');
  assert.deepEqual(texts(again), [2]);
  assert.equal(client.status, 'online');
});

test('resume: repeats unacknowledged messages only', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { client, answer, peer } = joinWithSession(harness);
  for (const n of [1, 2, 3]) send(bob, client, n);
  peer.send({ type: 'heartbeat', payload: { received: 2 } });
  harness.core.connectionClosed(client.connection, 'connectionLost');
  const resumed = harness.core.sessions.resume(answer.token, 2, harness.connect(), ANONYMOUS, {});
  assert.deepEqual(texts(attach(harness, client, resumed?.answer.token ?? '')), [3]);
});

test('heartbeats: answered with the count; not counted', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { peer } = joinWithSession(harness);
  peer.received();
  send(peer, bob.client, 1);
  peer.send({ type: 'heartbeat' });
  peer.send({ type: 'heartbeat', payload: { received: 0 } });
  assert.deepEqual(acknowledged(peer), [1, 1]);
});

test('the count without a heartbeat: sent after 64 messages, otherwise at the next sweep', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { peer } = joinWithSession(harness);
  peer.received();
  for (let n = 0; n < 64; n++) send(peer, bob.client, n);
  assert.deepEqual(acknowledged(peer), [64]);
  send(peer, bob.client, 64);
  harness.core.sessions.sweep();
  harness.core.sessions.sweep();
  harness.runTicks();
  assert.deepEqual(acknowledged(peer), [65]);
});

test('unreadable messages: counted on both sides', () => {
  const harness = new RouterHarness();
  const { peer } = joinWithSession(harness);
  peer.received();
  peer.send({ type: 'nonsense' });
  peer.send({ type: 'unicast' });
  peer.send({ type: 'heartbeat' });
  assert.deepEqual(
    peer.received().map(({ type }) => type),
    ['error', 'error', 'heartbeat'],
  );
});

test('an acknowledgement beyond the sent count: an error that changes nothing', () => {
  const harness = new RouterHarness();
  const { client, answer, peer } = joinWithSession(harness);
  peer.received();
  peer.send({ type: 'heartbeat', payload: { received: 5 } });
  assert.deepEqual(
    peer
      .received()
      .filter(({ type }) => type === 'error')
      .map(({ payload }) => payload),
    [{ code: 'malformed' }],
  );
  assert.equal(harness.core.sessions.resume(answer.token, 9, harness.connect(), ANONYMOUS, {}), null);
  assert.equal(client.removed, false);
});

test('a newer stream: the older one is ended with ABORTED even if it seems alive', () => {
  const harness = new RouterHarness();
  const { client, answer, peer } = joinWithSession(harness);
  const resumed = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {});
  harness.runTicks();
  assert.equal(peer.transport.ended?.[0], 'ABORTED');
  assert.equal(client.removed, false);
  attach(harness, client, resumed?.answer.token ?? '');
  harness.core.connectionClosed(peer.session?.connection ?? assert.fail(), 'connectionLost');
  assert.deepEqual([client.removed, client.status], [false, 'online'], 'the old connection has no power any more');
});

test('a token: valid until a newer one was used', () => {
  const harness = new RouterHarness();
  const { client, answer } = joinWithSession(harness);
  const second = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {})?.answer.token ?? '';
  const third = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {})?.answer.token ?? '';
  assert.notEqual(second, third, 'the answer got lost: the old token still counts');
  attach(harness, client, third);
  for (const old of [answer.token, second]) {
    assert.equal(harness.core.sessions.resume(old, 0, harness.connect(), ANONYMOUS, {}), null);
  }
  assert.ok(harness.core.sessions.resume(third, 0, harness.connect(), ANONYMOUS, {}));
});

test('a client that does not resume within the window: removed', () => {
  const harness = new RouterHarness();
  const events = harness.subscribe();
  const { client } = joinWithSession(harness);
  harness.core.connectionClosed(client.connection, 'connectionLost');
  harness.runTicks();
  events.received();
  harness.clock.advance(WINDOW_MS - 1);
  harness.core.sessions.sweep();
  assert.equal(client.removed, false);
  harness.clock.advance(1);
  harness.core.sessions.sweep();
  harness.runTicks();
  assert.equal(client.removed, true);
  assert.deepEqual(
    events.received().map(({ type, data }) => [type, (data as { reason: unknown }).reason]),
    [['clientDisconnected', 'Session expired']],
  );
  assert.deepEqual([harness.core.sessions.count, harness.core.budget.usedBytes], [0, 0]);
});

test('an orderly end of the stream: ends the session at once', () => {
  const harness = new RouterHarness();
  const { client, answer, peer } = joinWithSession(harness);
  peer.p2p.halfClosed();
  assert.equal(client.removed, true);
  assert.equal(harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {}), null);
});

test('requests to and from a detached client: survive', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { client, answer, peer } = joinWithSession(harness);
  peer.send({ type: 'request', targetId: bob.client.id, payload: { requestId: 'q' } });
  harness.core.connectionClosed(client.connection, 'connectionLost');
  bob.received();
  bob.send({ type: 'request', targetId: client.id, payload: { requestId: 'r' } });
  bob.send({ type: 'response', targetId: client.id, success: true, payload: { requestId: 'q' } });
  assert.deepEqual(bob.received(), [], 'the request waits');
  const token = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {})?.answer.token ?? '';
  const again = attach(harness, client, token);
  assert.deepEqual(
    again.received().flatMap(({ type }) => (type === 'heartbeat' ? [] : [type])),
    ['request', 'response'],
  );
});

test('beyond the buffer: the oldest messages are lost; the resume reports their number', () => {
  const harness = new RouterHarness({ sessionBufferBytes: 300 });
  const bob = harness.join();
  const { client, answer } = joinWithSession(harness);
  harness.core.connectionClosed(client.connection, 'connectionLost');
  for (let n = 0; n < 20; n++) send(bob, client, n);
  const resumed = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {})?.answer;
  const received = texts(attach(harness, client, resumed?.token ?? ''));
  assert.equal((resumed?.lost ?? 0) + received.length, 20);
  assert.equal(received.at(-1), 19);
  assert.equal(harness.counters.sessionMessagesLost, resumed?.lost);
});

test('a resuming registration: replaces groups and metadata', () => {
  const harness = new RouterHarness();
  const { client, answer } = joinWithSession(harness);
  harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, { groups: ['new'] });
  assert.deepEqual([client.groups, harness.core.registry.groups.get('new')?.has(client)], [['new'], true]);
});

test('broadcasts and multicasts: reach a detached client', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const client = harness.register({ groups: ['g'] });
  const { token } = harness.core.sessions.open(client);
  bob.send({ type: 'broadcast', payload: { n: 1 } });
  bob.send({ type: 'multicast', groupName: 'g', payload: { n: 2 } });
  assert.deepEqual(texts(attach(harness, client, token)), [1, 2]);
});

test('a client without a session: removed with its connection', () => {
  const harness = new RouterHarness();
  const peer = harness.join();
  const { client } = peer;
  harness.core.connectionClosed(client.connection, 'connectionLost');
  assert.equal(client.removed, true);
});

test('a second stream by the same token: delivers only messages not yet received', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { client, answer, peer } = joinWithSession(harness);
  for (const n of [1, 2, 3]) send(bob, client, n);
  assert.deepEqual(texts(peer), [1, 2, 3]);
  const unstated = attach(harness, client, answer.token);
  assert.deepEqual(
    unstated.received().map(({ payload }) => (payload as { code: unknown }).code),
    ['missing-field'],
  );
  const payload = { session: answer.token, received: 2 };
  const stated = harness.open(harness.connect());
  stated.send({ type: 'heartbeat', senderId: client.id, payload });
  assert.deepEqual(texts(stated), [3]);
  for (const received of [4, -1, 'x']) {
    const impossible = harness.open(harness.connect());
    impossible.send({ type: 'heartbeat', senderId: client.id, payload: { ...payload, received } });
    assert.deepEqual(
      impossible.received().map(({ type }) => type),
      ['error'],
    );
  }
  send(bob, client, 4);
  assert.deepEqual(texts(stated), [4], 'a refused stream replaces nothing');
});

test('a stream that binds by its token: counts in the clients of its connection', () => {
  const harness = new RouterHarness({ maxClientsPerConnection: 1 });
  const connection = harness.connect();
  const clients = [harness.register(), harness.register()] as const;
  const [first, second] = clients.map((client) =>
    attach(harness, client, harness.core.sessions.open(client).token, connection),
  );
  assert.equal(first?.received()[0]?.success, true);
  assert.deepEqual(
    second?.received().map(({ type, payload }) => [type, (payload as { code: unknown }).code]),
    [['error', 'overloaded']],
  );
});

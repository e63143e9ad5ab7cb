import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';
import type { Client } from '../client.ts';
import { ANONYMOUS, type Rights } from '../identity.ts';
import { Liveness } from '../liveness.ts';
import type { SessionAnswer } from './session-answer.ts';

const MIB = 1024 * 1024;

function joinWithSession(harness: RouterHarness): { client: Client; answer: SessionAnswer; peer: Peer } {
  const client = harness.register();
  const answer = harness.core.sessions.open(client);
  const peer = harness.open(harness.connect());
  peer.send({ type: 'heartbeat', senderId: client.id, payload: { session: answer.token } });
  return { client, answer, peer };
}

function leaveWithSession(harness: RouterHarness): { client: Client; answer: SessionAnswer } {
  const { client, answer, peer } = joinWithSession(harness);
  harness.core.connectionClosed(client.connection, 'connectionLost');
  peer.p2p.closed();
  return { client, answer };
}

const fill = (from: Peer, to: Client, bytes: number): void => {
  for (let sent = 0; sent < bytes; sent += 10_000) {
    from.send({ type: 'unicast', targetId: to.id, payload: { filler: Buffer.alloc(10_000) } });
  }
};

test('sessions: keep at most half of the memory of all clients', () => {
  const harness = new RouterHarness({ maxBufferBytes: 2 * MIB });
  const bob = harness.join();
  const { budget } = harness.core;
  for (let n = 0; n < 4; n++) fill(bob, leaveWithSession(harness).client, 400_000);
  assert.ok(budget.usedBytes > MIB * 0.9 && budget.usedBytes <= MIB, `${budget.usedBytes}`);
});

test('kept messages: dropped to make room for messages being received', () => {
  const harness = new RouterHarness({ maxBufferBytes: 2 * MIB });
  const bob = harness.join();
  const { client, answer } = leaveWithSession(harness);
  fill(bob, client, 900_000);
  const { budget } = harness.core;
  assert.equal(budget.tryChange(1.5 * MIB), true);
  assert.ok(budget.usedBytes <= 2 * MIB);
  budget.tryChange(-1.5 * MIB);
  const resumed = harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {});
  assert.ok((resumed?.answer.lost ?? 0) > 0, 'the loss is reported');
});

test('kept messages: dropped before a blocked client is disconnected', () => {
  const harness = new RouterHarness({ maxBufferBytes: 2 * MIB, maxSendQueueBytes: 2 * MIB });
  const bob = harness.join();
  const slow = harness.join();
  fill(bob, leaveWithSession(harness).client, 900_000);
  slow.transport.reads = false;
  fill(bob, slow.client, 1.6 * MIB);
  assert.deepEqual([slow.transport.abortedWith, slow.client.removed], [null, false]);
  assert.equal(harness.core.budget.exceeded, false);
});

test('a client that acknowledges nothing: stays connected with bounded memory', () => {
  const harness = new RouterHarness({ sessionBufferBytes: 100_000 });
  const bob = harness.join();
  const { client, peer } = joinWithSession(harness);
  fill(bob, client, MIB);
  assert.deepEqual([client.removed, peer.transport.abortedWith], [false, null]);
  assert.ok(harness.core.budget.usedBytes <= 100_000);
});

test('detached clients: bounded in number; the oldest expire early', () => {
  const harness = new RouterHarness({ maxBufferBytes: MIB });
  const left = Array.from({ length: 400 }, () => leaveWithSession(harness).client);
  const { sessions, budget } = harness.core;
  assert.ok(sessions.awayCount < 400 && sessions.awayCount > 200, `${sessions.awayCount}`);
  assert.ok(budget.usedBytes <= MIB / 2);
  const expired = 400 - sessions.awayCount;
  assert.ok(left.every(({ removed }, index) => removed === index < expired));
  assert.deepEqual([...new Set(harness.warnings)], ['session-memory']);
  assert.equal(harness.counters.sessionsExpired, expired);
});

test('detached clients: counted, expire in order', () => {
  const harness = new RouterHarness();
  const [first, second, third] = Array.from({ length: 3 }, () => joinWithSession(harness));
  assert.ok(first && second && third);
  const { sessions } = harness.core;
  assert.equal(sessions.awayCount, 0);
  for (const { client } of [third, first, second]) {
    harness.core.connectionClosed(client.connection, 'connectionLost');
    harness.clock.advance(1000);
  }
  assert.equal(sessions.awayCount, 3);
  sessions.resume(third.answer.token, 0, harness.connect(), ANONYMOUS, {});
  harness.clock.advance(57_000);
  sessions.sweep();
  assert.deepEqual([first.client.removed, second.client.removed, third.client.removed], [false, false, false]);
  harness.clock.advance(1000);
  sessions.sweep();
  assert.deepEqual([first.client.removed, second.client.removed, third.client.removed], [true, false, false]);
  harness.clock.advance(60_000);
  sessions.sweep();
  assert.deepEqual([sessions.count, sessions.awayCount, harness.core.budget.usedBytes], [0, 0, 0]);
});

test('a token of an ended session: invalid for the next session of the same id', () => {
  const harness = new RouterHarness();
  const { client, answer, peer } = joinWithSession(harness);
  peer.p2p.halfClosed();
  const { sessions } = harness.core;
  const id = sessions.formerId(answer.token, ANONYMOUS);
  assert.equal(id, client.id);
  const stranger = { principal: 'stranger', name: 'stranger', rights: { role: 'device' } as Rights };
  assert.equal(sessions.formerId(answer.token, stranger), null, 'the id of another principal');
  const again = harness.core.register(
    harness.connect(),
    { name: null, groups: [], metadata: Buffer.from([0xa0]) },
    ANONYMOUS,
    id,
  );
  const next = sessions.open(again);
  assert.equal(sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {}), null);
  assert.equal(sessions.bind(answer.token, ANONYMOUS), null);
  assert.equal(sessions.bind(next.token, ANONYMOUS), again);
});

test('a detached session: its window applies, not the client timeout', () => {
  const harness = new RouterHarness({ sessionWindowMs: 600_000 });
  const { client } = leaveWithSession(harness);
  harness.clock.advance(400_000);
  new Liveness(harness.core).check();
  assert.equal(client.removed, false);
});

test('a session: outlives the end of its stream after the client timeout', () => {
  const harness = new RouterHarness();
  const { client, answer, peer } = joinWithSession(harness);
  harness.clock.advance(300_000);
  new Liveness(harness.core).check();
  harness.runTicks();
  assert.equal(peer.transport.ended?.[0], 'DEADLINE_EXCEEDED');
  assert.deepEqual([client.removed, client.status], [false, 'idle']);
  assert.ok(harness.core.sessions.resume(answer.token, 0, harness.connect(), ANONYMOUS, {}));
});

test('the orderly end of a stream: no acknowledgement follows', () => {
  const harness = new RouterHarness();
  const bob = harness.join();
  const { peer } = joinWithSession(harness);
  peer.send({ type: 'unicast', targetId: bob.id, payload: {} });
  peer.received();
  peer.p2p.halfClosed();
  harness.core.sessions.sweep();
  harness.runTicks();
  assert.deepEqual(peer.received(), []);
});

test('a heartbeat with an invalid count: an error', () => {
  const harness = new RouterHarness();
  const { client, peer } = joinWithSession(harness);
  peer.received();
  const invalid = [-1, 1.5, 2n ** 60n, '1', true, [1], { a: 1 }, Buffer.from([1])];
  for (const received of invalid) {
    peer.send({ type: 'heartbeat', payload: { received } });
    const [answer, error] = peer.received();
    assert.deepEqual([answer?.type, error?.payload], ['heartbeat', { code: 'malformed' }], String(received));
    assert.match(String(error?.errorMessage), /payload\.received must be an integer/);
  }
  peer.send({ type: 'heartbeat', payload: { received: invalid.length } });
  assert.equal(client.durable?.keptMessages, 0, 'the errors count');
});

test('a sweep: removes at most 1000 expired clients; the next one continues', () => {
  const harness = new RouterHarness();
  for (let n = 0; n < 1500; n++) harness.core.sessions.open(harness.register());
  harness.clock.advance(60_000 + 1);
  harness.core.sessions.sweep();
  assert.equal(harness.core.sessions.count, 500);
  harness.core.sessions.sweep();
  assert.equal(harness.core.sessions.count, 0);
});

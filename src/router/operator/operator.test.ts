import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../../test/support/cbor.ts';
import { ClusterHarness } from '../../../test/support/cluster-harness.ts';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';
import { decodeValue } from '../../wire/index.ts';
import type { PagedClient } from './client-page.ts';
import { Operator } from './operator.ts';
import type { RequestOutcome } from './operator-stream.ts';

const PAYLOAD = encodeCbor({ text: 'hello' });

function operatorOf(harness: RouterHarness): Operator {
  let requests = 0;
  return new Operator(harness.core, () => `api-${++requests}`);
}

/** Sends a request; returns a list that receives the outcomes. */
function request(operator: Operator, id: string, timeoutMs = 1000) {
  const outcomes: RequestOutcome[] = [];
  const start = operator.request(id, PAYLOAD, timeoutMs, (outcome) => outcomes.push(outcome));
  return { start, outcomes };
}

function payloadOf(peer: Peer): { requestId: string; text: string; timeoutMs: number; senderId: string } {
  const [message] = peer.received();
  assert.equal(message?.type, 'request');
  return {
    ...(message.payload as { requestId: string; text: string; timeoutMs: number }),
    senderId: String(message.senderId),
  };
}

test('operator: messages reach a client, a group and all, in both framings', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const a = harness.join({ groups: ['room'] });
  const b = harness.join({ groups: ['room'], framing: 2 });
  const c = harness.join();
  assert.deepEqual(operator.send({ kind: 'client', id: c.id }, PAYLOAD), { ok: true, receivers: 1 });
  assert.deepEqual(operator.send({ kind: 'group', name: 'room' }, PAYLOAD), { ok: true, receivers: 2 });
  assert.deepEqual(operator.send({ kind: 'all' }, PAYLOAD), { ok: true, receivers: 3 });
  assert.deepEqual(operator.send({ kind: 'group', name: 'none' }, PAYLOAD), { ok: true, receivers: 0 });
  harness.runTicks();
  const types = [a, b, c].map((peer) => peer.received().map(({ type }) => type));
  assert.deepEqual(types, [
    ['multicast', 'broadcast'],
    ['multicast', 'broadcast'],
    ['unicast', 'broadcast'],
  ]);
  assert.equal(harness.core.registry.clients.size, 3, 'the operator is no client');
});

test('operator: an invalid message is refused with its reason', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const { id } = harness.register();
  const codeOf = (target: string, payload: Buffer): unknown => {
    const outcome = operator.send({ kind: 'client', id: target }, payload);
    return outcome.ok ? outcome : outcome.code;
  };
  assert.equal(codeOf('client_unknown', PAYLOAD), 'not-found');
  assert.equal(codeOf(id, PAYLOAD), 'not-found', 'registered, without a stream');
  assert.equal(codeOf(id, Buffer.from([0xa1, 0x61])), 'malformed');
  assert.equal(codeOf(id, encodeCbor({ text: 'x'.repeat(70_000) })), 'too-large');
  harness.core.draining = true;
  assert.equal(codeOf(id, PAYLOAD), 'shutting-down');
});

test('operator: a request returns the response, successful or not', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const peer = harness.join();
  for (const success of [true, false]) {
    const { outcomes } = request(operator, peer.id);
    harness.runTicks();
    const { requestId, text, timeoutMs, senderId } = payloadOf(peer);
    assert.deepEqual([text, timeoutMs], ['hello', 1000]);
    const response = { type: 'response', targetId: senderId, payload: { requestId, answer: 42 }, success };
    peer.send(response, response);
    assert.equal(outcomes.length, 1, 'a second response is late');
    const [outcome] = outcomes;
    assert.ok(outcome?.kind === 'response');
    assert.equal(outcome.isSuccess, success);
    const message = decodeValue(outcome.message) as Map<string, unknown>;
    assert.equal((message.get('payload') as Map<string, unknown>).get('answer'), 42);
  }
  assert.deepEqual([harness.dropped(), harness.core.pending.count], [{ lateResponse: 2 }, 0]);
});

test('operator: timeout, disconnect, cancel and limit end a request', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const peer = harness.join();
  const late = request(operator, peer.id, 50);
  harness.runTicks();
  harness.clock.advance(60);
  assert.deepEqual(late.outcomes, [{ kind: 'timeout' }]);

  const cancelled = request(operator, peer.id);
  assert.ok(cancelled.start.ok);
  cancelled.start.cancel();
  assert.equal(harness.core.pending.count, 0);

  const orphaned = [1, 2, 3].map(() => request(operator, peer.id));
  const { start } = request(operator, peer.id);
  assert.ok(!start.ok && start.code === 'overloaded');
  peer.p2p.closed();
  assert.deepEqual(
    orphaned.map(({ outcomes }) => outcomes),
    [1, 2, 3].map(() => [{ kind: 'gone' }]),
  );
  assert.deepEqual(cancelled.outcomes, []);
});

test('operator: only the requested client can respond, and no client can address the operator', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const peer = harness.join();
  const other = harness.join();
  const { outcomes } = request(operator, peer.id);
  harness.runTicks();
  const { requestId, senderId } = payloadOf(peer);
  other.send({ type: 'response', targetId: senderId, payload: { requestId }, success: true });
  assert.deepEqual(outcomes, []);
  other.send({ type: 'unicast', targetId: senderId, payload: {} });
  assert.match(String(other.received()[0]?.errorMessage), /не найден/);
});

test('operator: a disconnected client gets the reason, subscribers too', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const events = harness.subscribe();
  const peer = harness.join();
  const { id } = peer;
  assert.equal(operator.disconnect(id, 'maintenance'), 'done');
  harness.runTicks();
  const text = 'Disconnected by the operator: maintenance';
  const [error] = peer.received();
  assert.deepEqual([error?.type, error?.errorMessage, error?.payload], ['error', text, { code: 'disconnected' }]);
  assert.deepEqual(peer.transport.ended, ['ABORTED', text]);
  assert.deepEqual(events.received().at(-1)?.data, { clientId: id, reason: text });
  assert.deepEqual([harness.closed, harness.counters.closed.operator], [[`${id} operator`], 1]);
  assert.equal(operator.disconnect(id, null), 'unknown');
});

/** All pages, each collected in slices. */
function pages(operator: Operator, limit: number, onPage: () => void = () => {}): PagedClient[][] {
  const result: PagedClient[][] = [];
  let after = null;
  do {
    const page = operator.page({ matches: () => true, after, limit });
    while (!page.collect(3));
    result.push([...page.clients]);
    after = page.next;
    onPage();
  } while (after !== null);
  return result;
}

test('operator: pages contain every client once, also while clients connect and disconnect', () => {
  const harness = new RouterHarness();
  const operator = operatorOf(harness);
  const clients = Array.from({ length: 20 }, () => harness.register());
  assert.deepEqual(
    pages(operator, 6).map((page) => page.length),
    [6, 6, 6, 2],
  );
  assert.deepEqual(
    pages(operator, 20).map((page) => page.length),
    [20],
  );
  let changes = 0;
  const found = pages(operator, 4, () => {
    if (changes++ >= 3) return;
    const gone = clients.shift();
    if (gone) harness.core.remove(gone, 'connectionLost');
    harness.register();
  }).flat();
  const ids = found.map(({ client }) => client.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id } of clients) assert.ok(ids.includes(id));
});

test('operator: in a cluster, listing, messages and requests reach the clients of other nodes', () => {
  const cluster = new ClusterHarness(2);
  const [a, b] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]];
  const operator = operatorOf(a);
  const here = a.join({ groups: ['room'] });
  const there = b.join({ groups: ['room'] });
  cluster.settle(100);
  const found = pages(operator, 1)
    .flat()
    .map(({ client, node }) => [client.id, node]);
  assert.deepEqual(
    new Map(found as [string, string | null][]),
    new Map([
      [here.id, null],
      [there.id, 'n1'],
    ]),
  );
  assert.deepEqual(
    [...operator.groups()],
    [
      ['room', 1],
      ['room', 1],
    ],
  );
  assert.deepEqual(operator.send({ kind: 'group', name: 'room' }, PAYLOAD), { ok: true, receivers: 2 });
  cluster.settle(100);
  assert.equal(there.received()[0]?.type, 'multicast');

  const { outcomes } = request(operator, there.id);
  cluster.settle(100);
  const { requestId, senderId } = payloadOf(there);
  there.send({ type: 'response', targetId: senderId, payload: { requestId }, success: true });
  cluster.settle(100);
  assert.equal(outcomes[0]?.kind, 'response');

  const { id } = there;
  const orphaned = request(operator, id);
  cluster.settle(100);
  there.p2p.closed();
  cluster.settle(100);
  assert.deepEqual(orphaned.outcomes, [{ kind: 'gone' }]);
  const refused = request(operator, id);
  cluster.settle(100);
  assert.deepEqual(refused.outcomes, [{ kind: 'gone' }], 'its node answers for it');

  const away = b.join();
  const { id: awayId } = away;
  cluster.settle(100);
  assert.equal(operator.disconnect(awayId, 'maintenance'), 'sent');
  cluster.settle(100);
  const [error] = away.received();
  assert.equal(error?.errorMessage, 'Disconnected by the operator: maintenance');
  assert.equal(b.core.registry.clients.has(awayId), false);
});

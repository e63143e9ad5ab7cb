import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Double, type Encodable } from '../../test/support/cbor.ts';
import { type Peer, RouterHarness } from '../../test/support/router-harness.ts';

interface Pair {
  readonly harness: RouterHarness;
  readonly asker: Peer;
  readonly asked: Peer;
  readonly ask: (requestId: string, extra?: { [key: string]: Encodable }) => void;
  readonly answer: (requestId: string, success?: boolean) => void;
}

function pair(): Pair {
  const harness = new RouterHarness();
  const [asker, asked] = [harness.join(), harness.join()];
  const { id } = asker;
  const target = asked.id;
  return {
    harness,
    asker,
    asked,
    ask: (requestId, extra) => asker.send({ type: 'request', targetId: target, payload: { requestId, ...extra } }),
    answer: (requestId, success = true) => {
      asked.send({ type: 'response', targetId: id, payload: { requestId }, success });
    },
  };
}

/** Messages as `type: text or request id`. */
function seen(peer: Peer): string[] {
  return peer.received().map(({ type, payload, errorMessage, success }) => {
    const { requestId } = payload as { requestId: string };
    return `${type} ${requestId}${success === false ? ` failed: ${errorMessage ?? ''}` : ''}`;
  });
}

function assertNothingKept({ harness, asker, asked }: Pair): void {
  assert.equal(harness.core.pending.count, 0);
  assert.equal(harness.clock.timersLeft, 0);
  assert.deepEqual([asker.client.outgoingRequests, asked.client.incomingRequests], [null, null]);
}

test('request: the first response is delivered, a second one is late', () => {
  const here = pair();
  here.ask('r');
  assert.deepEqual(seen(here.asked), ['request r']);
  assert.equal(here.harness.core.pending.count, 1);
  here.answer('r');
  here.answer('r');
  assert.deepEqual(seen(here.asker), ['response r']);
  assert.deepEqual(here.harness.dropped(), { lateResponse: 1 });
  assertNothingKept(here);
});

test('request: a failed response settles the request', () => {
  const here = pair();
  here.ask('r');
  here.answer('r', false);
  assert.deepEqual(seen(here.asker), ['response r failed: ']);
  assertNothingKept(here);
});

test('request: only the responder may answer', () => {
  const here = pair();
  const stranger = here.harness.join();
  here.ask('r');
  stranger.send({ type: 'response', targetId: here.asker.id, payload: { requestId: 'r' }, success: true });
  assert.deepEqual(seen(here.asker), []);
  assert.deepEqual(here.harness.dropped(), { lateResponse: 1 });
  here.answer('r');
  assert.deepEqual(seen(here.asker), ['response r'], 'it still may');
});

test('request: the requester cannot answer its own request', () => {
  const here = pair();
  here.ask('r');
  here.asker.send({ type: 'response', targetId: here.asker.id, payload: { requestId: 'r' }, success: true });
  assert.deepEqual(here.harness.dropped(), { lateResponse: 1 });
});

test('request: times out after timeoutMs, a later response is late', () => {
  for (const timeoutMs of [1, 1000, new Double(1000)]) {
    const here = pair();
    here.ask('r', { timeoutMs });
    const waitMs = typeof timeoutMs === 'number' ? timeoutMs : timeoutMs.value;
    here.harness.clock.advance(waitMs - 1);
    here.harness.runTicks();
    assert.deepEqual(seen(here.asker), []);
    here.harness.clock.advance(1);
    here.harness.runTicks();
    assert.deepEqual(seen(here.asker), ['response r failed: Request timeout']);
    here.answer('r');
    assert.deepEqual(here.harness.dropped(), { requestTimeout: 1, lateResponse: 1 });
    assertNothingKept(here);
  }
});

test('request: an invalid timeout means one hour', () => {
  for (const timeoutMs of [undefined, null, 0, -5, 'soon', 9223372036854775807n, new Double(Number.NaN)]) {
    const here = pair();
    here.ask('r', { timeoutMs });
    here.harness.clock.advance(3_600_000 - 1);
    assert.equal(here.harness.core.pending.count, 1, String(timeoutMs));
    here.harness.clock.advance(1);
    assertNothingKept(here);
  }
});

test('request: a timeout beyond the timer range is clamped', () => {
  const here = pair();
  here.ask('r', { timeoutMs: 2 ** 40 });
  here.harness.clock.advance(0x7fffffff - 1);
  assert.equal(here.harness.core.pending.count, 1);
  here.harness.clock.advance(1);
  assert.equal(here.harness.core.pending.count, 0);
});

test('request: equal ids to different clients are independent', () => {
  const here = pair();
  const third = here.harness.join();
  here.ask('r');
  here.asker.send({ type: 'request', targetId: third.id, payload: { requestId: 'r' } });
  here.answer('r');
  third.send({ type: 'response', targetId: here.asker.id, payload: { requestId: 'r' }, success: true });
  assert.deepEqual(seen(here.asker), ['response r', 'response r']);
});

test('request: a repeated id replaces the request and its timer', () => {
  const here = pair();
  here.ask('r', { timeoutMs: 10 });
  here.ask('r', { timeoutMs: 100 });
  assert.deepEqual([here.harness.core.pending.count, here.harness.clock.timersLeft], [1, 1]);
  here.harness.clock.advance(50);
  here.harness.runTicks();
  assert.deepEqual(seen(here.asker), []);
});

test('request: rejected at the limit until another one settles', () => {
  const here = pair();
  for (const id of ['1', '2', '3', '4']) here.ask(id);
  assert.deepEqual(seen(here.asker), ['response 4 failed: Too many pending requests: at most 3 per client']);
  assert.deepEqual(seen(here.asked), ['request 1', 'request 2', 'request 3']);
  assert.deepEqual(here.harness.dropped(), { tooManyPending: 1 });
  here.answer('1');
  here.ask('5');
  assert.deepEqual(seen(here.asked), ['request 5']);
});

const LEAVING: readonly (readonly [string, (harness: RouterHarness, peer: Peer) => void])[] = [
  ['its stream closes', (_, peer) => peer.p2p.closed()],
  ['its stream is half-closed', (_, peer) => peer.p2p.halfClosed()],
  [
    'its connection is lost',
    (harness, peer) => harness.core.connectionClosed(peer.client.connection, 'connectionLost'),
  ],
];

for (const [name, leave] of LEAVING) {
  test(`request: fails at once when the responder disconnects: ${name}`, () => {
    const here = pair();
    const { id } = here.asked;
    here.ask('1');
    here.ask('2');
    leave(here.harness, here.asked);
    here.harness.runTicks();
    const text = `Клиент ${id} не найден или отключен`;
    assert.deepEqual(seen(here.asker), [`response 1 failed: ${text}`, `response 2 failed: ${text}`]);
    assert.deepEqual(here.harness.dropped(), { targetDisconnected: 2 });
    assert.deepEqual([here.harness.core.pending.count, here.harness.clock.timersLeft], [0, 0]);
  });

  test(`request: is dropped when the requester disconnects: ${name}`, () => {
    const here = pair();
    const { client } = here.asker;
    here.ask('1');
    leave(here.harness, here.asker);
    assert.deepEqual([here.harness.core.pending.count, here.harness.clock.timersLeft], [0, 0]);
    here.answer('1');
    assert.deepEqual(here.harness.dropped(), { targetNotFound: 1 });
    assert.deepEqual([client.outgoingRequests, here.asked.client.incomingRequests], [null, null]);
  });
}

test('request: to itself is dropped on disconnect', () => {
  const harness = new RouterHarness();
  const peer = harness.join();
  peer.send({ type: 'request', targetId: peer.id, payload: { requestId: 'r' } });
  peer.p2p.closed();
  harness.runTicks();
  assert.deepEqual([harness.core.pending.count, harness.clock.timersLeft], [0, 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor, Raw } from '../../test/support/cbor.ts';
import { type ClientFraming, frameBody, frameTogether, prefix } from '../../test/support/framing.ts';
import { RouterHarness } from '../../test/support/router-harness.ts';
import { VECTORS } from '../../test/support/vectors.ts';

const FRAMINGS: readonly ClientFraming[] = [1, 2];

for (const framing of FRAMINGS) {
  test(`framed ${framing}x: the first message attaches the stream and is confirmed`, () => {
    const harness = new RouterHarness();
    const client = harness.register();
    const peer = harness.open(client.connection, framing);
    peer.send({ type: 'heartbeat', senderId: client.id });
    const timestamp = harness.clock.nowMs;
    assert.deepEqual(peer.received(), [
      {
        type: 'heartbeat',
        senderId: 'router',
        targetId: client.id,
        payload: { connected: true, timestamp },
        success: true,
        timestamp,
      },
    ]);
    assert.ok(client.stream === peer.session);
    assert.deepEqual(harness.dropped(), {});
  });
}

const REFUSED: readonly (readonly [
  string,
  (own: string, other: string) => string | null | undefined,
  (id: string) => string,
])[] = [
  ['without senderId', () => undefined, () => 'Первое сообщение должно содержать senderId'],
  ['with a null senderId', () => null, () => 'Первое сообщение должно содержать senderId'],
  ['with an unknown id', () => 'ghost', (id) => `Клиент ${id} не зарегистрирован. Сначала вызовите register()`],
  ['with an empty id', () => '', (id) => `Клиент ${id} не зарегистрирован. Сначала вызовите register()`],
  [
    'with the id of a client on another connection',
    (_, other) => other,
    (id) => `Клиент ${id} не зарегистрирован. Сначала вызовите register()`,
  ],
];

for (const [name, senderOf, textOf] of REFUSED) {
  test(`a first message ${name}: refused, and the stream stays open for another attempt`, () => {
    const harness = new RouterHarness();
    const other = harness.join();
    const own = harness.register();
    const peer = harness.open(own.connection);
    const senderId = senderOf(own.id, other.id);
    peer.send({ type: 'broadcast', senderId });
    assert.deepEqual(peer.received(), [
      {
        type: 'error',
        payload: { code: typeof senderId === 'string' ? 'not-found' : 'missing-field' },
        errorMessage: textOf(senderId ?? ''),
        timestamp: harness.clock.nowMs,
      },
    ]);
    assert.deepEqual(other.received(), [], 'the owner is not disturbed');
    assert.ok(other.client.stream === other.session);
    assert.deepEqual(harness.dropped(), { notBound: 1 });
    peer.send({ type: 'heartbeat', senderId: own.id });
    assert.equal(peer.received()[0]?.type, 'heartbeat');
    assert.equal(peer.transport.ended, null);
  });
}

test('a draining router: refuses to bind', () => {
  const harness = new RouterHarness();
  const client = harness.register();
  harness.core.draining = true;
  const peer = harness.open(client.connection);
  peer.send({ type: 'heartbeat', senderId: client.id });
  assert.equal(peer.received()[0]?.errorMessage, `Ошибка привязки P2P стрима к клиенту ${client.id}`);
});

test('a first message that is not a heartbeat: routed as well', () => {
  const harness = new RouterHarness();
  const other = harness.join();
  const client = harness.register();
  harness.open(client.connection).send({ type: 'unicast', senderId: client.id, targetId: other.id });
  assert.deepEqual(other.received(), [{ type: 'unicast', senderId: client.id, targetId: other.id }]);
});

test('the framing of the first message: used for everything sent to the stream', () => {
  for (const framing of FRAMINGS) {
    const harness = new RouterHarness();
    const peer = harness.join({ framing });
    const otherFraming = framing === 1 ? 2 : 1;
    for (const malformed of ['a1', '07', '00']) {
      peer.sendBytes(frameBody(Buffer.from(malformed, 'hex'), otherFraming));
    }
    assert.equal(peer.received().length, 3, 'the reader of a peer throws on the other framing');
  }
});

test('several inner frames: several messages', () => {
  const harness = new RouterHarness();
  const [from, to] = [harness.join({ framing: 2 }), harness.join()];
  const body = Buffer.from('a1647479706569', 'hex');
  from.sendBytes(
    frameTogether([body.subarray(0, 1)].map(() => Buffer.from('a0', 'hex')).concat(Buffer.from('a0', 'hex'))),
  );
  assert.equal(from.received().length, 2, 'each is answered');
  assert.deepEqual(to.received(), []);
});

test('recorded malformed bodies: refused, counted and not delivered', () => {
  for (const framing of FRAMINGS) {
    for (const { name, body } of VECTORS.malformed_bodies) {
      const harness = new RouterHarness();
      const [from, to] = [harness.join({ framing }), harness.join()];
      from.sendBytes(frameBody(Buffer.from(body, 'hex'), framing));
      const [answer] = from.received();
      assert.equal(answer?.type, 'error', name);
      assert.equal(answer?.targetId, from.id, name);
      assert.deepEqual(harness.dropped(), { [name === 'unknown-type' ? 'unknownType' : 'malformed']: 1 }, name);
      assert.deepEqual(to.received(), [], name);
      assert.equal(from.transport.ended, null, 'the stream goes on');
    }
  }
});

test('values unreadable for Dart: not forwarded', () => {
  for (const value of ['f93c00', 'fa3f800000', '7f6161ff', 'f7', '1b8000000000000000', 'c24101']) {
    const harness = new RouterHarness();
    const [from, to] = [harness.join(), harness.join()];
    from.send({ type: 'unicast', targetId: to.id, payload: { x: new Raw(value) } });
    assert.match(String(from.received()[0]?.errorMessage), /^Unreadable message/);
    assert.deepEqual([to.received(), harness.dropped()], [[], { unreadable: 1 }]);
  }
});

test('a stream with malformed framing: ended with the reason; its client may return', () => {
  const large = prefix(Buffer.alloc(64 * 1024 + 6));
  for (const [name, bytes, status, reason] of [
    ['compressed', prefix(Buffer.from([0xa0]), 1), 'INTERNAL', 'malformed'],
    ['too large', large.subarray(0, 10), 'RESOURCE_EXHAUSTED', 'tooLarge'],
    ['too large by less than a prefix', prefix(Buffer.alloc(64 * 1024 + 1, 0xa0)), 'RESOURCE_EXHAUSTED', 'tooLarge'],
  ] as const) {
    const harness = new RouterHarness();
    const [peer, other] = [harness.join(), harness.join()];
    const client = peer.client;
    peer.sendBytes(bytes);
    assert.equal(peer.transport.ended?.[0], status, name);
    assert.deepEqual(harness.dropped(), { [reason]: 1 }, name);
    assert.deepEqual([client.stream === null, client.removed], [true, false]);
    peer.send({ type: 'broadcast', senderId: client.id });
    assert.deepEqual([client.stream === null, other.received()], [true, []], 'later messages are ignored');
    const again = harness.open(client.connection);
    again.send({ type: 'heartbeat', senderId: client.id });
    assert.ok(client.stream === again.session);
  }
});

test('a half-close within a message: ends the stream as truncated after the complete messages', () => {
  const harness = new RouterHarness();
  const [peer, other] = [harness.join(), harness.join()];
  peer.send({ type: 'broadcast' });
  peer.sendBytes(Buffer.from('000000', 'hex'));
  peer.p2p.halfClosed();
  assert.deepEqual(peer.transport.ended, ['INTERNAL', 'Truncated message']);
  assert.equal(other.received().length, 1);

  other.p2p.halfClosed();
  assert.deepEqual(other.transport.ended, ['OK', 'OK']);
});

test('a newer stream of the same client: replaces the older one, which ends with ABORTED', () => {
  const harness = new RouterHarness();
  const [old, other] = [harness.join(), harness.join()];
  const client = old.client;
  const fresh = harness.open(client.connection);
  fresh.send({ type: 'heartbeat', senderId: client.id });
  assert.equal(old.transport.ended?.[0], 'ABORTED');
  old.send({ type: 'broadcast', senderId: client.id });
  assert.ok(client.stream === fresh.session, 'the older one does not take it back');
  old.p2p.closed();
  assert.ok(client.stream === fresh.session, 'its end is not the end of the client');
  other.send({ type: 'unicast', targetId: client.id });
  assert.deepEqual([fresh.received().length, old.received().length], [2, 0]);
});

test('partial messages: count in the memory budget until complete or dropped', () => {
  const harness = new RouterHarness();
  const peer = harness.join();
  const { budget } = harness.core;
  peer.sendBytes(prefix(Buffer.alloc(50_000)).subarray(0, 40_000));
  assert.ok(budget.usedBytes >= 40_000);
  peer.p2p.closed();
  assert.equal(budget.usedBytes, 0);
});

test('partial messages beyond the memory limit: refused', () => {
  const harness = new RouterHarness({ maxBufferBytes: 20_000 });
  const peer = harness.join();
  peer.sendBytes(prefix(Buffer.alloc(50_000)).subarray(0, 40_000));
  assert.deepEqual(peer.transport.ended, ['RESOURCE_EXHAUSTED', 'Router memory limit reached']);
  assert.deepEqual([harness.core.budget.usedBytes, harness.counters.dropped.noMemory], [0, 1]);
});

test('memory budget: stalled partial messages are dropped for those that progress', () => {
  const harness = new RouterHarness({ maxBufferBytes: 100_000 });
  const [stuck, idle, sender, reader] = [harness.join(), harness.join(), harness.join(), harness.join()];
  const half = prefix(Buffer.alloc(60_000)).subarray(0, 45_000);
  stuck.sendBytes(half);
  harness.clock.advance(5001);
  const message = prefix(
    encodeCbor({ type: 'unicast', targetId: reader.client.id, payload: { text: 'x'.repeat(60_000) } }),
  );
  sender.sendBytes(message.subarray(0, 59_000));
  assert.deepEqual([stuck.transport.ended?.[1], sender.transport.ended], ['Router memory limit reached', null]);
  sender.sendBytes(message.subarray(59_000));
  harness.runTicks();
  assert.equal(reader.received().length, 1);
  assert.equal(idle.transport.ended, null, 'who holds nothing has nothing to lose');
});

test('a closed stream: receives and holds nothing', () => {
  const harness = new RouterHarness();
  const [peer, other] = [harness.join(), harness.join()];
  const client = peer.client;
  other.send({ type: 'broadcast' });
  peer.p2p.closed();
  peer.p2p.closed();
  peer.send({ type: 'broadcast', senderId: client.id });
  assert.deepEqual([harness.core.streams.size, harness.core.registry.attached.size, other.received()], [1, 1, []]);
});

test('the end of a stream: an event with metadata; not for a lost or replaced stream', () => {
  const harness = new RouterHarness();
  const events = harness.subscribe();
  const metadata = encodeCbor({ role: 'dev', _status: 'mine' });
  const announced = (): unknown[] =>
    events.received().flatMap(({ type, data }) => (type === 'clientCapabilitiesUpdated' ? [data] : []));
  for (const end of ['closed', 'halfClosed'] as const) {
    const peer = harness.join({ metadata });
    const { id, lastActivity } = peer.client;
    peer.p2p[end]();
    harness.runTicks();
    const expected = { role: 'dev', _status: 'disconnecting', _lastSeen: lastActivity };
    assert.deepEqual(announced(), [{ clientId: id, metadata: expected }], end);
    assert.deepEqual(harness.core.registry.clients.get(id)?.metadata, metadata, 'the stored map stays');
  }
  const lost = harness.join();
  const { connection } = lost.client;
  lost.p2p.closed();
  harness.core.connectionClosed(connection, 'connectionLost');
  const replaced = harness.join();
  harness.open(replaced.client.connection).send({ type: 'heartbeat', senderId: replaced.id });
  harness.runTicks();
  assert.deepEqual(announced(), []);
});

const FATAL: readonly (readonly [string, string, RegExp])[] = [
  ['a message over the limit', '00ffffffff', /^Message too large: at most 65536 bytes$/],
  ['a compressed message', '0100000001a0', /compress/i],
];

for (const [name, hex, text] of FATAL) {
  test(`${name}: an error message precedes the end of the stream`, () => {
    const harness = new RouterHarness();
    const peer = harness.join();
    const { id } = peer;
    peer.sendBytes(Buffer.from(hex, 'hex'));
    const [error, ...others] = peer.received();
    assert.deepEqual([error?.type, error?.targetId, others], ['error', id, []]);
    assert.match(String(error?.errorMessage), text);
    assert.match(peer.transport.ended?.[1] ?? '', text);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CborMap, Double, encodeCbor, rawValue } from '../../test/support/cbor.ts';
import { type Peer, RouterHarness } from '../../test/support/router-harness.ts';
import { PREFIX_BYTES } from '../wire/index.ts';
import { Topology } from './topology.ts';

/** Events received by a subscriber since the last call; asserts that each has the current time. */
function eventsOf(peer: Peer): (readonly [unknown, unknown])[] {
  return peer.received().map(({ type, timestamp, data, ...rest }) => {
    assert.equal(timestamp, peer.harness.clock.nowMs);
    assert.deepEqual(rest, {});
    return [type, data] as const;
  });
}

test('events: the first event is the statistics, in both framings', () => {
  for (const framing of [1, 2] as const) {
    const harness = new RouterHarness();
    const peer = harness.join();
    peer.send({ type: 'broadcast' });
    const transport = harness.subscribe(framing).transport;
    const body = transport.batches[0]?.subarray(framing * PREFIX_BYTES);
    assert.ok(body);
    assert.deepEqual(
      rawValue(body, 'data'),
      encodeCbor({
        activeClients: 1,
        messagesPerSecond: 2,
        messageTypeCounts: { broadcast: 1, heartbeat: 1, total: 2 },
      }),
    );
  }
});

test('events: every subscriber receives connects, changes and disconnects', () => {
  const harness = new RouterHarness();
  const subscribers = [harness.subscribe(1), harness.subscribe(2)];
  const peer = harness.join({ name: 'alice', groups: ['devs', 'ops'] });
  const { id, client } = peer;
  const nameless = harness.register();
  peer.send({ type: 'updateMetadata', payload: { metadata: { v: new Double(1) } } });
  harness.core.connectionClosed(client.connection, 'connectionLost');
  harness.runTicks();
  for (const subscriber of subscribers) {
    assert.deepEqual(eventsOf(subscriber), [
      ['clientConnected', { clientId: id, clientName: 'alice', capabilities: ['devs', 'ops'] }],
      ['clientConnected', { clientId: nameless.id }],
      ['clientCapabilitiesUpdated', { clientId: id, metadata: { v: new Double(1) } }],
      ['clientDisconnected', { clientId: id, reason: 'Connection lost' }],
    ]);
  }
});

test('events: a lost connection removes each of its clients once', () => {
  const harness = new RouterHarness();
  const connection = harness.connect();
  const peers = [harness.join({ connection }), harness.join({ connection })];
  const ids = peers.map(({ id }) => id);
  const events = harness.subscribe();
  for (let i = 0; i < 2; i++) harness.core.connectionClosed(connection, 'connectionLost');
  harness.runTicks();
  assert.deepEqual(
    eventsOf(events).map(([, data]) => (data as CborMap).clientId),
    ids,
  );
  assert.equal(harness.counters.closed.connectionLost, 2);
});

test('events: subscribers with the same framing share the encoded bytes', () => {
  const harness = new RouterHarness();
  const [first, second, twice] = [harness.subscribe(1), harness.subscribe(1), harness.subscribe(2)];
  let encoded = 0;
  harness.core.events.publish('healthWarning', harness.clock.nowMs, () => ({
    warning: 'x',
    severity: String(++encoded),
  }));
  harness.runTicks();
  assert.equal(encoded, 1);
  const [a, b, c] = [first, second, twice].map(({ transport }) => transport.batches[1] as Buffer);
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  assert.equal(a.buffer === c.buffer && a.byteOffset === c.byteOffset + PREFIX_BYTES, true);
  assert.equal(b.buffer === c.buffer && b.byteOffset === c.byteOffset + PREFIX_BYTES, true);
});

test('events: are not encoded without subscribers', () => {
  const harness = new RouterHarness();
  harness.core.events.publish('healthWarning', 0, () => assert.fail('encoded'));
  assert.equal(harness.core.events.hasListeners, false);
});

test('events: a closed subscription receives no events', () => {
  const harness = new RouterHarness();
  const events = harness.subscribe();
  for (const stream of harness.core.streams) stream.closed();
  harness.core.publishHealthWarning('x', 'warning');
  harness.runTicks();
  assert.deepEqual([events.received(), harness.core.streams.size], [[], 0]);
});

test('events: deliveries are counted', () => {
  const harness = new RouterHarness();
  harness.subscribe();
  harness.subscribe();
  harness.core.publishHealthWarning('x', 'warning');
  assert.equal(harness.core.events.sent, 4, 'two of statistics, two warnings');
});

test('events: topologyChanged lists every client and its groups', () => {
  const harness = new RouterHarness();
  const clients = [harness.register({ groups: ['a', 'b'] }), harness.register()];
  const topology = new Topology(harness.core.registry.clients.values());
  assert.deepEqual([topology.collect(1), topology.collect(1), topology.collect(1)], [false, false, true]);
  assert.deepEqual(
    topology.encoded(harness.clock.nowMs),
    encodeCbor({
      type: 'topologyChanged',
      timestamp: harness.clock.nowMs,
      data: {
        activeClients: 2,
        clientIds: clients.map(({ id }) => id),
        capabilities: Object.fromEntries(clients.map(({ id, groups }) => [id, groups])),
      },
    }),
  );
});

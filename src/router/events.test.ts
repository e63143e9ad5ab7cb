import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CborMap, Double, encodeCbor, rawValue } from '../../test/support/cbor.ts';
import { type Peer, RouterBench } from '../../test/support/router-bench.ts';
import { PREFIX_BYTES } from '../wire/index.ts';
import { Topology } from './topology.ts';

/** What a subscriber has got since the last look; each event has the time of now. */
function eventsOf(peer: Peer): (readonly [unknown, unknown])[] {
  return peer.received().map(({ type, timestamp, data, ...rest }) => {
    assert.equal(timestamp, peer.bench.clock.nowMs);
    assert.deepEqual(rest, {});
    return [type, data] as const;
  });
}

test('the first event is the statistics, in both framings', () => {
  for (const framing of [1, 2] as const) {
    const bench = new RouterBench();
    const peer = bench.join();
    peer.send({ type: 'broadcast' });
    const outlet = bench.subscribe(framing).outlet;
    const body = outlet.batches[0]?.subarray(framing * PREFIX_BYTES);
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

test('who comes, changes and goes is told to every subscriber', () => {
  const bench = new RouterBench();
  const subscribers = [bench.subscribe(1), bench.subscribe(2)];
  const peer = bench.join({ name: 'alice', groups: ['devs', 'ops'] });
  const { id, client } = peer;
  const nameless = bench.register();
  peer.send({ type: 'updateMetadata', payload: { metadata: { v: new Double(1) } } });
  bench.core.connectionClosed(client.connection, 'connectionLost');
  bench.endTurn();
  for (const subscriber of subscribers) {
    assert.deepEqual(eventsOf(subscriber), [
      ['clientConnected', { clientId: id, clientName: 'alice', capabilities: ['devs', 'ops'] }],
      ['clientConnected', { clientId: nameless.id }],
      ['clientCapabilitiesUpdated', { clientId: id, metadata: { v: new Double(1) } }],
      ['clientDisconnected', { clientId: id, reason: 'Connection lost' }],
    ]);
  }
});

test('a connection that is lost takes all its clients along, once', () => {
  const bench = new RouterBench();
  const connection = bench.connect();
  const peers = [bench.join({ connection }), bench.join({ connection })];
  const ids = peers.map(({ id }) => id);
  const events = bench.subscribe();
  for (let i = 0; i < 2; i++) bench.core.connectionClosed(connection, 'connectionLost');
  bench.endTurn();
  assert.deepEqual(
    eventsOf(events).map(([, data]) => (data as CborMap).clientId),
    ids,
  );
  assert.equal(bench.counters.closed.connectionLost, 2);
});

test('an event is encoded once: all subscribers of a framing share its bytes', () => {
  const bench = new RouterBench();
  const [first, second, twice] = [bench.subscribe(1), bench.subscribe(1), bench.subscribe(2)];
  let encoded = 0;
  bench.core.events.publish('healthWarning', bench.clock.nowMs, () => ({ warning: 'x', severity: String(++encoded) }));
  bench.endTurn();
  assert.equal(encoded, 1);
  const [a, b, c] = [first, second, twice].map(({ outlet }) => outlet.batches[1] as Buffer);
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  assert.equal(a.buffer === c.buffer && a.byteOffset === c.byteOffset + PREFIX_BYTES, true);
  assert.equal(b.buffer === c.buffer && b.byteOffset === c.byteOffset + PREFIX_BYTES, true);
});

test('nothing is made of an event that nobody hears', () => {
  const bench = new RouterBench();
  bench.core.events.publish('healthWarning', 0, () => assert.fail('encoded'));
  assert.equal(bench.core.events.hasListeners, false);
});

test('a subscription that is closed hears nothing more', () => {
  const bench = new RouterBench();
  const events = bench.subscribe();
  for (const stream of bench.core.streams) stream.closed();
  bench.core.publishHealthWarning('x', 'warning');
  bench.endTurn();
  assert.deepEqual([events.received(), bench.core.streams.size], [[], 0]);
});

test('copies of events are counted', () => {
  const bench = new RouterBench();
  bench.subscribe();
  bench.subscribe();
  bench.core.publishHealthWarning('x', 'warning');
  assert.equal(bench.core.events.sent, 4, 'two of statistics, two warnings');
});

test('a topology event names every client and its groups, as any map would be written', () => {
  const bench = new RouterBench();
  const clients = [bench.register({ groups: ['a', 'b'] }), bench.register()];
  const topology = new Topology(bench.core.registry.clients.values());
  assert.deepEqual([topology.collect(1), topology.collect(1), topology.collect(1)], [false, false, true]);
  assert.deepEqual(
    topology.encoded(bench.clock.nowMs),
    encodeCbor({
      type: 'topologyChanged',
      timestamp: bench.clock.nowMs,
      data: {
        activeClients: 2,
        clientIds: clients.map(({ id }) => id),
        capabilities: Object.fromEntries(clients.map(({ id, groups }) => [id, groups])),
      },
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CborMap, Double, decodeCborMap, type Encodable, encodeCbor } from '../../test/support/cbor.ts';
import { RouterHarness } from '../../test/support/router-harness.ts';
import { type ClientFilter, ClientListing, metadataFilter } from './listing.ts';

/** Names of the clients that match `filter`, collected and chunked in small steps. */
function list(harness: RouterHarness, filter: Partial<ClientFilter> = {}): CborMap[] {
  const listing = new ClientListing(harness.core.registry.clients.values(), {
    groups: null,
    metadata: null,
    ...filter,
  });
  while (!listing.collect(2));
  const body = Buffer.concat([...listing.chunks(100)]);
  assert.equal(listing.bodyBytes, body.length, 'the length was known before');
  return decodeCborMap(body).clients as CborMap[];
}

const names = (clients: readonly CborMap[]): unknown[] => clients.map(({ clientName }) => clientName);
const filterOf = (metadata: Encodable): Partial<ClientFilter> => ({ metadata: metadataFilter(encodeCbor(metadata)) });

test('ClientListing: contains all client information', () => {
  const harness = new RouterHarness();
  const connectedAt = harness.clock.nowMs;
  const metadata = encodeCbor({ v: new Double(1), big: 9223372036854775807n });
  const peer = harness.join({ name: 'alice', groups: ['devs'], metadata });
  harness.clock.advance(5000);
  peer.send({ type: 'heartbeat' });
  const expected = {
    clientId: peer.id,
    clientName: 'alice',
    groups: ['devs'],
    connectedAt,
    lastActivity: connectedAt + 5000,
    metadata: { v: new Double(1), big: 9223372036854775807n },
    status: 'online',
  };
  assert.deepEqual(list(harness), [expected]);
  assert.deepEqual(peer.client.encodedInfo(), encodeCbor(expected), 'as the Dart writer writes it');
});

test('ClientListing: reflects changed clients', () => {
  const harness = new RouterHarness();
  const client = harness.register();
  assert.deepEqual(list(harness)[0]?.clientName, null);
  client.setStatus('idle');
  client.metadata = encodeCbor({ a: 1 });
  const [info] = list(harness);
  assert.deepEqual([info?.status, info?.metadata], ['idle', { a: 1 }]);
  client.recordActivity(2 ** 41, 0);
  assert.deepEqual([list(harness)[0]?.status, list(harness)[0]?.lastActivity], ['online', 2 ** 41]);
});

test('ClientListing: contains only online and idle clients', () => {
  const harness = new RouterHarness();
  for (const status of ['online', 'idle', 'disconnecting', 'offline'] as const) {
    harness.register({ name: status }).setStatus(status);
  }
  assert.deepEqual(names(list(harness)), ['online', 'idle']);
});

test('ClientListing: is empty without clients', () => {
  assert.deepEqual(list(new RouterHarness()), []);
});

test('ClientListing: is complete for any slice size', () => {
  const harness = new RouterHarness();
  for (let i = 0; i < 300; i++) harness.register({ name: String(i) });
  assert.deepEqual(
    names(list(harness)),
    Array.from({ length: 300 }, (_, i) => String(i)),
  );
});

test('ClientListing: tolerates a disconnect during collection', () => {
  const harness = new RouterHarness();
  const clients = ['a', 'b', 'c'].map((name) => harness.register({ name }));
  const listing = new ClientListing(harness.core.registry.clients.values(), { groups: null, metadata: null });
  listing.collect(1);
  for (const client of clients) harness.core.remove(client, 'connectionLost');
  while (!listing.collect(1));
  assert.deepEqual(names(decodeCborMap(Buffer.concat([...listing.chunks(1)])).clients as CborMap[]), ['a']);
});

test('filter: matches members of any given group', () => {
  const harness = new RouterHarness();
  for (const groups of [['a'], ['b', 'c'], []]) harness.register({ name: groups.join('+'), groups });
  assert.deepEqual(names(list(harness, { groups: new Set(['c', 'a']) })), ['a', 'b+c']);
  assert.deepEqual(names(list(harness, { groups: new Set(['x']) })), []);
  assert.deepEqual(names(list(harness, { groups: new Set() })), [], 'no group matches no client');
});

test('filter: matches if all given metadata entries are equal', () => {
  const harness = new RouterHarness();
  const register = (name: string, metadata: Encodable): void => {
    harness.register({ name, metadata: encodeCbor(metadata) });
  };
  register('int', { v: 1, app: 'chat', extra: [1] });
  register('double', { v: new Double(1), app: 'chat' });
  register('text', { v: '1', app: 'chat' });
  register('nested', { v: { a: [1, { b: null }] } });
  register('none', {});
  const rows: readonly (readonly [Encodable, readonly string[]])[] = [
    [{}, ['int', 'double', 'text', 'nested', 'none']],
    [{ v: 1 }, ['int', 'double']],
    [{ v: new Double(1) }, ['int', 'double']],
    [{ v: '1' }, ['text']],
    [{ v: 1, app: 'chat' }, ['int', 'double']],
    [{ v: 1, app: 'other' }, []],
    [{ v: { a: [new Double(1), { b: null }] } }, ['nested']],
    [{ absent: 1 }, []],
  ];
  for (const [given, expected] of rows) {
    assert.deepEqual(names(list(harness, filterOf(given))), expected, JSON.stringify(given));
  }
});

test('filter: a map without text keys is invalid', () => {
  for (const bytes of ['80', 'a10001', 'a1']) assert.equal(metadataFilter(Buffer.from(bytes, 'hex')), null);
});

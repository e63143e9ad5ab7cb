import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CborMap, Double, type Encodable, encodeCbor, Raw, rawValue } from '../../test/support/cbor.ts';
import { type ClientFraming, frameBody } from '../../test/support/framing.ts';
import { type Peer, RouterHarness } from '../../test/support/router-harness.ts';
import { vectorFor } from '../../test/support/vectors.ts';
import { MESSAGE_TYPES } from '../wire/index.ts';
import { MAX_METADATA_BYTES } from './interfaces.ts';

const GROUP = 'devs';

interface Room {
  readonly harness: RouterHarness;
  readonly alice: Peer;
  readonly bob: Peer;
  readonly carol: Peer;
  /** Registered, without a stream. */
  readonly absent: string;
}

/** Alice and Bob in one group, Carol in none; with both framings. */
function room(): Room {
  const harness = new RouterHarness();
  return {
    harness,
    alice: harness.join({ groups: [GROUP], framing: 2 }),
    bob: harness.join({ groups: [GROUP, 'ops'] }),
    carol: harness.join({ framing: 2 }),
    absent: harness.register({ groups: ['absent'] }).id,
  };
}

/** Messages of Alice, and the messages that each of the three receives. */
interface Row {
  readonly name: string;
  readonly send: (room: Room) => { [key: string]: Encodable };
  readonly toAlice?: (room: Room) => CborMap;
  readonly toBob?: boolean;
  readonly toCarol?: boolean;
  readonly dropped?: Record<string, number>;
}

const error = ({ alice, harness }: Room, code: string, errorMessage: string): CborMap => ({
  type: 'error',
  targetId: alice.id,
  payload: { code },
  errorMessage,
  timestamp: harness.clock.nowMs,
});

const notFound = (id: string): string => `Клиент ${id} не найден или отключен`;
const failed = ({ alice, harness }: Room, requestId: string, code: string, errorMessage: string): CborMap => ({
  type: 'response',
  senderId: 'router',
  targetId: alice.id,
  payload: { code, requestId },
  success: false,
  errorMessage,
  timestamp: harness.clock.nowMs,
});

const missing = (type: string, field: string): Pick<Row, 'toAlice' | 'dropped'> => ({
  toAlice: (here) => error(here, 'missing-field', `Message of type ${type} must have ${field}`),
  dropped: { missingField: 1 },
});
const payload = { requestId: 'r1' };

const ROWS: readonly Row[] = [
  { name: 'unicast', send: ({ bob }) => ({ type: 'unicast', targetId: bob.id }), toBob: true },
  {
    name: 'unicast to oneself',
    send: ({ alice }) => ({ type: 'unicast', targetId: alice.id, senderId: alice.id }),
    toAlice: ({ alice }) => ({ type: 'unicast', targetId: alice.id, senderId: alice.id }),
  },
  {
    name: 'unicast to an unknown id',
    send: () => ({ type: 'unicast', targetId: 'ghost' }),
    toAlice: (here) => error(here, 'not-found', notFound('ghost')),
    dropped: { targetNotFound: 1 },
  },
  {
    name: 'unicast to a name beyond ASCII',
    send: () => ({ type: 'unicast', targetId: 'призрак' }),
    toAlice: (here) => error(here, 'not-found', notFound('призрак')),
    dropped: { targetNotFound: 1 },
  },
  {
    name: 'unicast to one without a stream',
    send: ({ absent }) => ({ type: 'unicast', targetId: absent }),
    toAlice: (here) => error(here, 'not-found', notFound(here.absent)),
    dropped: { targetNotFound: 1 },
  },
  { name: 'unicast without target', send: () => ({ type: 'unicast' }), ...missing('unicast', 'targetId') },
  {
    name: 'unicast with a null target',
    send: () => ({ type: 'unicast', targetId: null }),
    ...missing('unicast', 'targetId'),
  },
  { name: 'multicast', send: () => ({ type: 'multicast', groupName: GROUP }), toBob: true },
  { name: 'multicast to a group of others', send: () => ({ type: 'multicast', groupName: 'ops' }), toBob: true },
  { name: 'multicast to no group', send: () => ({ type: 'multicast', groupName: 'x' }), dropped: { noMembers: 1 } },
  {
    name: 'multicast to a group without streams',
    send: () => ({ type: 'multicast', groupName: 'absent' }),
    dropped: { noMembers: 1 },
  },
  { name: 'multicast without group', send: () => ({ type: 'multicast' }), ...missing('multicast', 'groupName') },
  { name: 'broadcast', send: () => ({ type: 'broadcast' }), toBob: true, toCarol: true },
  { name: 'request', send: ({ bob }) => ({ type: 'request', targetId: bob.id, payload }), toBob: true },
  {
    name: 'request to an unknown id',
    send: () => ({ type: 'request', targetId: 'ghost', payload }),
    toAlice: (here) => failed(here, 'r1', 'not-found', notFound('ghost')),
    dropped: { targetNotFound: 1 },
  },
  {
    name: 'request to one without a stream',
    send: ({ absent }) => ({ type: 'request', targetId: absent, payload }),
    toAlice: (here) => failed(here, 'r1', 'not-found', notFound(here.absent)),
    dropped: { targetNotFound: 1 },
  },
  { name: 'request without target', send: () => ({ type: 'request', payload }), ...missing('request', 'targetId') },
  {
    name: 'request without payload',
    send: ({ bob }) => ({ type: 'request', targetId: bob.id }),
    ...missing('request', 'payload.requestId'),
  },
  {
    name: 'request whose id is no text',
    send: ({ bob }) => ({ type: 'request', targetId: bob.id, payload: { requestId: 1 } }),
    ...missing('request', 'payload.requestId'),
  },
  {
    name: 'response to an unknown id',
    send: () => ({ type: 'response', targetId: 'ghost', payload, success: true }),
    dropped: { targetNotFound: 1 },
  },
  {
    name: 'unsolicited response',
    send: ({ bob }) => ({ type: 'response', targetId: bob.id, payload, success: true }),
    dropped: { lateResponse: 1 },
  },
  { name: 'response without target', send: () => ({ type: 'response', payload }), ...missing('response', 'targetId') },
  {
    name: 'response without id',
    send: ({ bob }) => ({ type: 'response', targetId: bob.id }),
    ...missing('response', 'payload.requestId'),
  },
  { name: 'heartbeat', send: () => ({ type: 'heartbeat' }) },
  { name: 'error', send: ({ bob }) => ({ type: 'error', targetId: bob.id, errorMessage: 'x' }) },
  { name: 'metadata', send: () => ({ type: 'updateMetadata', payload: { metadata: { a: 1 } } }) },
  { name: 'metadata without payload', send: () => ({ type: 'updateMetadata' }), dropped: { invalidMetadata: 1 } },
  {
    name: 'metadata that is no map',
    send: () => ({ type: 'updateMetadata', payload: { metadata: [1] } }),
    dropped: { invalidMetadata: 1 },
  },
  {
    name: 'metadata whose keys are no texts',
    send: () => ({ type: 'updateMetadata', payload: { metadata: new Raw('a10001') } }),
    dropped: { invalidMetadata: 1 },
  },
  {
    name: 'metadata with a key twice',
    send: () => ({ type: 'updateMetadata', payload: { metadata: new Raw('a2616101616102') } }),
    dropped: { invalidMetadata: 1 },
  },
  {
    name: 'metadata beyond the limit',
    send: () => ({ type: 'updateMetadata', payload: { metadata: { a: 'x'.repeat(MAX_METADATA_BYTES - 5) } } }),
    toAlice: (here) => error(here, 'too-large', `Metadata too large: at most ${MAX_METADATA_BYTES} bytes`),
    dropped: { invalidMetadata: 1 },
  },
  {
    name: 'an unknown type',
    send: ({ bob }) => ({ type: 'nonsense', targetId: bob.id }),
    toAlice: (here) => error(here, 'malformed', 'Unknown message type'),
    dropped: { unknownType: 1 },
  },
  { name: 'no type', send: ({ bob }) => ({ targetId: bob.id }), ...missing('unknown', 'type') },
];

for (const row of ROWS) {
  test(`routing: ${row.name}: deliveries and counters`, () => {
    const harness = room();
    harness.harness.core.limits = { ...harness.harness.core.limits, maxMessageBytes: 2 * MAX_METADATA_BYTES };
    const { alice, bob, carol } = harness;
    const message = row.send(harness);
    const { counters } = harness.harness;
    const [inBefore, outBefore] = [sum(counters.messagesInByType), sum(counters.messagesOutByType)];
    alice.send(message);
    const passedOn = { ...message, senderId: alice.id };
    assert.deepEqual(alice.received(), row.toAlice === undefined ? [] : [row.toAlice(harness)]);
    assert.deepEqual(bob.received(), row.toBob ? [passedOn] : []);
    assert.deepEqual(carol.received(), row.toCarol ? [passedOn] : []);
    assert.deepEqual(harness.harness.dropped(), row.dropped ?? {});
    assert.equal(sum(counters.messagesInByType), inBefore + 1);
    const copies = Number(row.toBob ?? 0) + Number(row.toCarol ?? 0) + Number(row.name === 'unicast to oneself');
    assert.equal(sum(counters.messagesOutByType), outBefore + copies);
  });
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

test('routing: counts messages and bytes by type, without framing', () => {
  const { harness, alice, bob } = room();
  const body = encodeCbor({ type: 'unicast', senderId: alice.id, targetId: bob.id });
  alice.sendBytes(frameBody(body, 2));
  alice.sendBytes(frameBody(body, 2));
  const unicast = MESSAGE_TYPES.indexOf('unicast');
  const { messagesInByType, bytesInByType, messagesOutByType, bytesOutByType } = harness.counters;
  assert.deepEqual(
    [messagesInByType, bytesInByType, messagesOutByType, bytesOutByType].map((counts) => counts[unicast]),
    [2, 2 * body.length, 2, 2 * body.length],
  );
});

for (const framing of [1, 2] as readonly ClientFraming[]) {
  test(`routing: framing ${framing}: recorded messages arrive byte for byte, a missing senderId is inserted`, () => {
    const { alice, bob, carol } = room();
    const from = framing === 2 ? alice : bob;
    for (const name of ['unicast-odd-payload', 'unicast-unsorted-keys', 'unicast-indefinite-map']) {
      const sent = vectorFor(name, from.id, carol.id);
      from.sendBytes(frameBody(sent, framing));
      const [body] = carol.bodies();
      assert.ok(body);
      if (name === 'unicast-odd-payload') assert.deepEqual(body, sent);
      assert.deepEqual(rawValue(body, 'payload'), rawValue(sent, 'payload'), name);
      assert.deepEqual(rawValue(body, 'senderId'), encodeCbor(from.id), name);
    }
  });
}

test('routing: a foreign senderId is replaced', () => {
  const { alice, bob, carol } = room();
  for (const senderId of [
    carol.id,
    'router',
    '',
    null,
    alice.id.toUpperCase(),
    `${alice.id}0`,
    alice.id.slice(0, -1),
  ]) {
    alice.send({ type: 'unicast', senderId, targetId: bob.id });
    assert.equal(bob.received()[0]?.senderId, alice.id, String(senderId));
  }
});

test('routing: keeps the order from one sender to one receiver, across types and ticks', () => {
  const { alice, bob } = room();
  const message = (i: number): Encodable =>
    i % 3 === 0 ? { type: 'broadcast', payload: { i } } : { type: 'unicast', targetId: bob.id, payload: { i } };
  for (let turn = 0; turn < 5; turn++) alice.send(...Array.from({ length: 20 }, (_, i) => message(turn * 20 + i)));
  assert.deepEqual(
    bob.received().map((got) => (got.payload as CborMap).i),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test('routing: resolves the target for each message', () => {
  const { alice, bob } = room();
  const { client } = bob;
  alice.send({ type: 'unicast', targetId: client.id });
  bob.p2p.closed();
  alice.send({ type: 'unicast', targetId: client.id });
  assert.equal(alice.received()[0]?.errorMessage, notFound(client.id));
  const again = alice.harness.open(client.connection);
  again.send({ type: 'heartbeat', senderId: client.id });
  alice.send({ type: 'unicast', targetId: client.id });
  assert.deepEqual(
    again.received().map(({ type }) => type),
    ['heartbeat', 'unicast'],
  );
});

test('routing: updateMetadata replaces the metadata byte for byte', () => {
  const { alice, harness } = room();
  const metadata = { v: new Double(1), big: 9223372036854775807n };
  alice.send({ type: 'updateMetadata', payload: { metadata } });
  assert.deepEqual(alice.client.metadata, encodeCbor(metadata));
  harness.cleanMetadata = () => encodeCbor({});
  alice.send({ type: 'updateMetadata', payload: { metadata: { token: 'secret' } } });
  assert.deepEqual(alice.client.metadata, encodeCbor({}));
});

test('routing: accepts metadata of the maximum size', () => {
  const { alice, harness } = room();
  harness.core.limits = { ...harness.core.limits, maxMessageBytes: 2 * MAX_METADATA_BYTES };
  alice.send({ type: 'updateMetadata', payload: { metadata: { a: 'x'.repeat(MAX_METADATA_BYTES - 6) } } });
  assert.equal(alice.client.metadata.length, MAX_METADATA_BYTES);
});

test('routing: a failed request returns the request id as encoded', () => {
  const { alice } = room();
  alice.send({ type: 'request', targetId: 'ghost', payload: { requestId: new Raw('790001' + '72') } });
  assert.equal(alice.bodies()[0]?.includes(Buffer.from('79000172', 'hex')), true);
});

test('routing: logs messages at debug level only', () => {
  for (const isDebug of [true, false]) {
    const { alice, harness } = room();
    harness.log.isDebug = isDebug;
    alice.send({ type: 'heartbeat' });
    assert.deepEqual(harness.debugLines, isDebug ? ['Message'] : []);
  }
});

test('routing: the duration of a tick counts for each of its messages', () => {
  const { alice, harness } = room();
  const before = harness.counters.routingLatency.count;
  alice.send({ type: 'heartbeat' }, { type: 'heartbeat' }, { type: 'heartbeat' });
  assert.equal(harness.counters.routingLatency.count, before + 3);
});

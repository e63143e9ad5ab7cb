import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, encodeCbor, Raw, rawValue } from '../support/cbor.ts';
import { type ClientFraming, frameBody, frameTogether, prefix } from '../support/framing.ts';
import { useRouter } from '../support/using-router.ts';
import { vector } from '../support/vectors.ts';

const router = useRouter();
const FRAMINGS: readonly ClientFraming[] = [1, 2];
const ODD_PAYLOAD = rawValue(vector('unicast-odd-payload'), 'payload') as Buffer;

for (const framing of FRAMINGS) {
  test(`framed ${framing}x: every method answers in the framing of the request`, async () => {
    using client = await router.join({ clientName: 'self' }, { framing });
    assert.equal((await client.ping(5)).timestamp, 5);
    assert.ok((await client.getOnlineClients()).some(({ clientId }) => clientId === client.id));
    assert.equal((await client.events().next()).message.type, 'routerStats');
    client.unicast(client.id, { hello: 1 });
    assert.equal((await client.p2p.ofType('unicast')).message.senderId, client.id);
  });

  test(`framed ${framing}x: a unary request half-closed by an empty DATA frame is served`, async () => {
    using client = await router.connect({ framing });
    const stream = client.open('ping');
    stream.send(frameBody(encodeCbor({ v: 1 }), framing));
    stream.halfClose();
    assert.equal((await stream.whenEnded).status, 0);
  });

  test(`framed ${framing}x: single bytes are reassembled`, async () => {
    using receiver = await router.join({}, { framing });
    using sender = await router.join({ clientName: 'slow', groups: ['drip'] }, { framing, splitBytes: 1 });
    sender.unicast(receiver.id, new Raw(ODD_PAYLOAD));
    const { body } = await receiver.p2p.ofType('unicast');
    assert.deepEqual(rawValue(body, 'payload'), ODD_PAYLOAD);
  });

  test(`framed ${framing}x: a message split anywhere into DATA frames is reassembled`, async () => {
    using receiver = await router.join({}, { framing });
    using sender = await router.join({}, { framing });
    const framed = frameBody(encodeCbor({ type: 'unicast', targetId: receiver.id, payload: { n: 1 } }), framing);
    for (let cut = 1; cut < framed.length; cut++) {
      sender.p2p.sendBytes(framed.subarray(0, cut));
      sender.p2p.sendBytes(framed.subarray(cut));
    }
    // two messages that share a DATA frame in the middle
    const both = Buffer.concat([framed, framed]);
    for (let cut = 1; cut < both.length; cut++) {
      sender.p2p.sendBytes(both.subarray(0, cut));
      sender.p2p.sendBytes(both.subarray(cut));
    }
    const expected = framed.length - 1 + 2 * (both.length - 1);
    sender.unicast(receiver.id, { last: true });
    await receiver.next((message) => asMap(message.payload).last === true);
    assert.equal(receiver.p2p.drain().length, expected);
  });

  test(`framed ${framing}x: a message of a megabyte arrives byte for byte`, async () => {
    using receiver = await router.join({}, { framing });
    using sender = await router.join({}, { framing });
    const blob = Buffer.alloc(1024 * 1024, 'abcdefg');
    sender.unicast(receiver.id, { blob });
    const { message } = await receiver.p2p.ofType('unicast');
    assert.ok(blob.equals(asMap(message.payload).blob as Buffer));
  });
}

for (const from of FRAMINGS) {
  for (const to of FRAMINGS) {
    test(`from framing ${from}x to framing ${to}x: delivered in the framing of the receiver`, async () => {
      using sender = await router.join({}, { framing: from });
      using receiver = await router.join({}, { framing: to });
      sender.unicast(receiver.id, new Raw(ODD_PAYLOAD));
      const { body, message } = await receiver.p2p.ofType('unicast');
      assert.deepEqual(rawValue(body, 'payload'), ODD_PAYLOAD);
      assert.equal(message.senderId, sender.id);
    });
  }
}

test('one broadcast: reaches clients of both framings in their own', async () => {
  using sender = await router.join();
  using once = await router.join({}, { framing: 1 });
  using twice = await router.join({}, { framing: 2 });
  sender.send({ type: 'broadcast', payload: { mixed: true } });
  for (const client of [once, twice]) {
    await client.next(({ type, payload }) => type === 'broadcast' && asMap(payload).mixed === true);
  }
});

test('several inner frames in one outer message: all processed in order', async () => {
  using receiver = await router.join();
  using sender = await router.join();
  const bodies = [1, 2, 3].map((n) => encodeCbor({ type: 'unicast', targetId: receiver.id, payload: { n } }));
  sender.p2p.sendBytes(frameTogether(bodies));
  for (const n of [1, 2, 3]) assert.equal(asMap((await receiver.next()).message.payload).n, n);
});

test('the first message and the next one in one outer frame: both processed', async () => {
  using client = await router.connect();
  await client.register();
  const stream = client.openP2p();
  const heartbeat = encodeCbor({ type: 'heartbeat', senderId: client.id });
  const toSelf = encodeCbor({ type: 'unicast', targetId: client.id, payload: { n: 1 } });
  stream.sendBytes(frameTogether([heartbeat, toSelf]));
  assert.equal((await stream.next()).message.type, 'heartbeat');
  assert.equal((await stream.next()).message.type, 'unicast');
});

test('the framing of the first message: used for all responses', async () => {
  using sender = await router.join({}, { framing: 2 });
  // single framing on a stream that started with double framing: accepted, answered with double framing
  sender.p2p.sendBytes(prefix(encodeCbor({ type: 'unicast', targetId: 'client_nobody', payload: {} })));
  const { message } = await sender.p2p.ofType('error');
  assert.match(String(message.errorMessage), /не найден/);
});

test('messages in both framings on one stream: accepted', async () => {
  using receiver = await router.join();
  using sender = await router.join({}, { framing: 1 });
  const body = (n: number) => encodeCbor({ type: 'unicast', targetId: receiver.id, payload: { n } });
  sender.p2p.sendBytes(Buffer.concat([prefix(body(1)), prefix(prefix(body(2))), prefix(body(3))]));
  for (const n of [1, 2, 3]) assert.equal(asMap((await receiver.next()).message.payload).n, n);
});

const NEITHER: readonly (readonly [string, string])[] = [
  ['text instead of a map', '6161'],
  ['an inner length that is too short', '0000000001a0a0'],
  ['an inner length that is too long', '0000000009a0'],
  ['an inner frame with the compressed flag', '0100000001a0'],
  ['a second inner frame that is cut off', '0000000001a00000'],
];

for (const [name, body] of NEITHER) {
  test(`a body in neither framing: reported as malformed: ${name}`, async () => {
    using receiver = await router.join();
    using sender = await router.join();
    sender.p2p.sendBytes(prefix(Buffer.from(body, 'hex')));
    assert.equal((await sender.next()).message.type, 'error');
    sender.unicast(receiver.id, { still: 'works' });
    assert.equal(asMap((await receiver.next()).message.payload).still, 'works');
  });
}

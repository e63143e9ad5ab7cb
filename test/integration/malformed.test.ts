import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, Double, decodeCborMap, type Encodable, encodeCbor, Raw, rawValue } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { hex } from '../support/message-stream.ts';
import { useRouter } from '../support/using-router.ts';
import { VECTORS } from '../support/vectors.ts';

const router = useRouter();
/** Maps with keys that `register` does not know: readable there, so they are ignored. */
const READABLE_BY_REGISTER = new Set(['unknown-type', 'type-not-text']);

async function droppedInAll(): Promise<number> {
  const { messages } = await router.process.status();
  return Object.values(messages.dropped).reduce((sum, count) => sum + count, 0);
}

/** Sends `body` and asserts that its sender gets an error, it is counted, and no other client receives it. */
async function assertRefused(sender: DartClient, receiver: DartClient, body: Buffer): Promise<void> {
  const before = await droppedInAll();
  sender.p2p.send(body);
  const { message } = await sender.next();
  assert.equal(message.type, 'error');
  assert.equal(message.targetId, sender.id);
  assert.ok(String(message.errorMessage).length > 0);
  sender.unicast(receiver.id, { after: true });
  assert.deepEqual(asMap((await receiver.next()).message.payload), { after: true });
  assert.equal((await droppedInAll()) - before, 1, 'counted once');
}

for (const framing of [1, 2] as const) {
  for (const { name, body, why } of VECTORS.malformed_bodies) {
    test(`framed ${framing}x, on p2p: ${name} (${why})`, async () => {
      using sender = await router.join({}, { framing });
      using receiver = await router.join({}, { framing });
      await assertRefused(sender, receiver, Buffer.from(body, 'hex'));
    });

    test(`framed ${framing}x, unary: ${name} (${why})`, async () => {
      using client = await router.connect({ framing });
      for (const method of ['register', 'ping', 'getOnlineClients']) {
        const { end } = await client.unary(method, Buffer.from(body, 'hex'));
        if (method === 'ping' || !READABLE_BY_REGISTER.has(name))
          assert.equal(end.status, 3, `${method}: INVALID_ARGUMENT`);
      }
    });
  }
}

test('a malformed first message: the stream stays open for another attempt', async () => {
  using client = await router.connect();
  await client.register();
  const stream = client.openP2p();
  stream.send(Buffer.from('8101', 'hex'));
  assert.equal((await stream.next()).message.type, 'error');
  stream.send({ type: 'heartbeat', senderId: client.id });
  assert.equal((await stream.next()).message.success, true);
});

for (const { name, value, why } of VECTORS.never_send.filter(({ name }) => name !== 'timestamp-as-float')) {
  test(`never forwarded, in a payload: ${name} (${why})`, async () => {
    using sender = await router.join();
    using receiver = await router.join();
    const nested: readonly Encodable[] = [{ x: hex(value) }, { deep: [{ x: [1, hex(value)] }] }];
    for (const payload of nested) {
      const type = 'unicast';
      await assertRefused(sender, receiver, encodeCbor({ type, targetId: receiver.id, payload }));
    }
  });

  test(`never forwarded, beside the payload: ${name}`, async () => {
    using sender = await router.join();
    using receiver = await router.join();
    const message = { type: 'unicast', targetId: receiver.id, payload: {}, extra: hex(value) };
    await assertRefused(sender, receiver, encodeCbor(message));
  });

  test(`never listed, in metadata: ${name}`, async () => {
    using client = await router.join();
    const { body, end } = await client.unary('register', { metadata: { x: hex(value) } });
    const refused = end.status === 3 || (body !== null && decodeCborMap(body).success === false);
    assert.ok(refused, 'register refuses it');
    client.send({ type: 'updateMetadata', payload: { metadata: { x: hex(value) } } });
    client.unicast(client.id, {});
    await client.p2p.ofType('unicast');
    const own = (await client.getOnlineClients()).find(({ clientId }) => clientId === client.id);
    assert.deepEqual(own?.metadata, {}, 'updateMetadata changes nothing');
  });
}

test('an integral float64 in a payload: arrives unchanged', async () => {
  using sender = await router.join();
  using receiver = await router.join();
  const value = VECTORS.never_send.find(({ name }) => name === 'timestamp-as-float')?.value ?? '';
  sender.unicast(receiver.id, { x: hex(value) });
  assert.equal(rawValue((await receiver.next()).body, 'payload')?.toString('hex'), `a16178${value}`);
});

/** Fields that a Dart reader would cast to another type. */
const WRONG_TYPES: readonly (readonly [string, Encodable])[] = [
  ['timestamp', new Double(1749925815123)],
  ['timestamp', 'now'],
  ['targetId', 7],
  ['groupName', 7],
  ['payload', 'text'],
  ['payload', [1]],
  ['errorMessage', 7],
  ['success', 1],
];

for (const [field, value] of WRONG_TYPES) {
  test(`never forwarded: ${field} as ${encodeCbor(value).toString('hex')}`, async () => {
    using sender = await router.join();
    using receiver = await router.join();
    const message = { type: 'unicast', targetId: receiver.id, payload: {}, [field]: value };
    await assertRefused(sender, receiver, encodeCbor(message));
  });
}

test('integers beyond int64: not forwarded; the limits of int64 are', async () => {
  using sender = await router.join();
  using receiver = await router.join();
  for (const beyond of ['1b8000000000000000', '3b8000000000000000', '1bffffffffffffffff']) {
    const message = { type: 'unicast', targetId: receiver.id, payload: { n: hex(beyond) } };
    await assertRefused(sender, receiver, encodeCbor(message));
  }
  sender.unicast(receiver.id, { max: 9223372036854775807n, min: -9223372036854775808n });
  assert.equal(asMap((await receiver.next()).message.payload).max, 9223372036854775807n);
});

test('tags: forwarded, since a Dart client reads their content', async () => {
  using sender = await router.join();
  using receiver = await router.join();
  const tagged = Buffer.from('a1617ac11a514b67b0', 'hex'); // {z: 1(1363896240)}
  sender.unicast(receiver.id, new Raw(tagged));
  assert.deepEqual(rawValue((await receiver.next()).body, 'payload'), tagged);
});

test('a duplicate key: never lets a client impersonate another', async () => {
  using sender = await router.join();
  using receiver = await router.join();
  using victim = await router.join();
  const entries = (...pairs: readonly Encodable[]) =>
    Buffer.concat([Buffer.from([0xa0 | (pairs.length / 2)]), ...pairs.map(encodeCbor)]);
  const target = ['targetId', receiver.id, 'type', 'unicast', 'payload', {}];
  sender.p2p.send(entries('senderId', sender.id, ...target, 'senderId', victim.id));
  sender.p2p.send(entries('senderId', victim.id, ...target, 'senderId', victim.id));
  sender.unicast(receiver.id, { last: true });
  for (let last = false; !last; ) {
    const { message } = await receiver.next();
    assert.equal(message.senderId, sender.id);
    last = asMap(message.payload).last === true;
  }
});

test('a stream that ends within a message: only that stream ends with an error', async () => {
  using client = await router.join();
  const stream = client.open('ping');
  stream.send(Buffer.from('000000', 'hex'));
  stream.halfClose();
  const { status } = await stream.whenEnded;
  assert.ok(status !== null && status !== 0, `status ${status}`);
  assert.equal((await client.ping(1)).timestamp, 1);
});

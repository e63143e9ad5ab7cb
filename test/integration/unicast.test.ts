import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, encodeCbor } from '../support/cbor.ts';
import { poll } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();
const notFound = (id: string) => `Клиент ${id} не найден или отключен`;

test('unicast: reaches only its target', async () => {
  using a = await router.join();
  using b = await router.join();
  using c = await router.join();
  a.unicast(b.id, { text: 'hi' });
  a.unicast(c.id, { text: 'there' });
  assert.deepEqual((await b.next()).message.payload, { text: 'hi' });
  assert.deepEqual((await c.next()).message.payload, { text: 'there' });
  assert.deepEqual(
    [a, b, c].map(({ p2p }) => p2p.inbox.length),
    [0, 0, 0],
  );
});

test('unicast: a message with the right senderId is forwarded unchanged', async () => {
  using a = await router.join();
  using b = await router.join();
  const body = encodeCbor({ type: 'unicast', senderId: a.id, targetId: b.id, payload: { x: 1 }, extra: [1, 2] });
  a.send(body);
  assert.deepEqual((await b.next()).body, body);
});

test('unicast: a client may send to itself', async () => {
  using a = await router.join();
  a.unicast(a.id, { note: 'to self' });
  assert.equal((await a.next()).message.senderId, a.id);
});

test('unicast: the payload may be absent or empty', async () => {
  using a = await router.join();
  using b = await router.join();
  a.send({ type: 'unicast', targetId: b.id });
  a.send({ type: 'unicast', targetId: b.id, payload: {} });
  assert.equal((await b.next()).message.payload, undefined);
  assert.deepEqual((await b.next()).message.payload, {});
});

test('unicast to an absent target: the sender gets an error', async () => {
  using a = await router.join();
  for (const id of ['client_nobody', 'нет такого', '']) {
    a.unicast(id, {});
    const { message } = await a.next();
    assert.equal(message.type, 'error');
    if (id !== '') assert.equal(message.errorMessage, notFound(id));
    assert.equal(message.targetId, a.id);
    assert.equal(typeof message.timestamp, 'number');
  }
});

test('unicast to a registered but unbound target: not found', async () => {
  using a = await router.join();
  using b = await router.connect();
  await b.register();
  a.unicast(b.id, {});
  assert.equal((await a.next()).message.errorMessage, notFound(b.id));
});

test('unicast to a disconnected target: not found', async () => {
  using a = await router.join();
  using b = await router.join();
  await b.close();
  await poll('it to be gone', async () => !(await a.canReach(b.id)));
  a.unicast(b.id, {});
  assert.equal((await a.next()).message.errorMessage, notFound(b.id));
});

test('unicast without targetId: an error message, counted, and the stream continues', async () => {
  using a = await router.join();
  const before = (await router.process.status()).messages.dropped.missingField ?? 0;
  a.send({ type: 'unicast', payload: {} });
  a.send({ type: 'unicast', targetId: null, payload: {} });
  for (const _ of [1, 2]) {
    const { message } = await a.next();
    assert.equal(message.type, 'error');
    assert.match(String(message.errorMessage), /targetId/);
  }
  a.unicast(a.id, { n: 1 });
  assert.equal(asMap((await a.next()).message.payload).n, 1);
  assert.equal((await router.process.status()).messages.dropped.missingField, before + 2);
});

test('an unknown or missing type: an error message, counted, not delivered', async () => {
  using a = await router.join();
  using b = await router.join();
  a.send({ type: 'telegram', targetId: b.id, payload: {} });
  a.send({ targetId: b.id, payload: {} });
  for (const _ of [1, 2]) assert.equal((await a.next()).message.type, 'error');
  a.unicast(b.id, { last: true });
  assert.deepEqual((await b.next()).message.payload, { last: true });
});

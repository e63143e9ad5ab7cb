import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap } from '../support/cbor.ts';
import type { MessageStream } from '../support/message-stream.ts';
import { poll, quiet } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();
const NO_SENDER = 'Первое сообщение должно содержать senderId';
const unknown = (id: string) => `Клиент ${id} не зарегистрирован. Сначала вызовите register()`;

async function nextError(stream: MessageStream): Promise<unknown> {
  return (await stream.ofType('error')).message.errorMessage;
}

async function nextConnected(stream: MessageStream): Promise<void> {
  const { message } = await stream.next();
  assert.equal(message.type, 'heartbeat');
  assert.equal(message.success, true);
  assert.equal(message.senderId, 'router');
  assert.equal(asMap(message.payload).connected, true);
}

test('a first message without senderId: refused, and the stream stays open for another attempt', async () => {
  using client = await router.connect();
  await client.register();
  const stream = client.openP2p();
  for (let attempt = 0; attempt < 3; attempt++) {
    stream.send({ type: 'heartbeat' });
    assert.equal(await nextError(stream), NO_SENDER);
  }
  stream.send({ type: 'heartbeat', senderId: client.id });
  await nextConnected(stream);
});

test('an unknown id: refused, and the stream stays open for another attempt', async () => {
  using client = await router.connect();
  const stream = client.openP2p();
  stream.send({ type: 'heartbeat', senderId: 'client_unknown' });
  assert.equal(await nextError(stream), unknown('client_unknown'));
  const id = await client.register();
  stream.send({ type: 'heartbeat', senderId: id });
  await nextConnected(stream);
});

test('a refused first message: not routed', async () => {
  using receiver = await router.join();
  using client = await router.connect();
  const stream = client.openP2p();
  stream.send({ type: 'unicast', targetId: receiver.id, payload: { stolen: true } });
  await nextError(stream);
  stream.send({ type: 'unicast', senderId: 'client_unknown', targetId: receiver.id, payload: { stolen: true } });
  await nextError(stream);
  receiver.unicast(receiver.id, { own: true });
  assert.deepEqual(asMap((await receiver.next()).message.payload), { own: true });
});

test('a first message that is not a heartbeat: binds and is routed', async () => {
  using receiver = await router.join();
  using client = await router.connect();
  await client.register();
  const stream = client.openP2p();
  stream.send({ type: 'unicast', senderId: client.id, targetId: receiver.id, payload: { first: true } });
  await nextConnected(stream);
  assert.equal((await receiver.next()).message.senderId, client.id);
});

test('senderId: replaced by the bound id', async () => {
  using receiver = await router.join();
  using client = await router.join();
  using victim = await router.join();
  for (const senderId of [victim.id, 'x', '', 'router', undefined, null]) {
    client.send({ type: 'unicast', senderId, targetId: receiver.id, payload: { n: 1 } });
    const { message } = await receiver.next();
    assert.equal(message.senderId, client.id);
    assert.deepEqual(message.payload, { n: 1 });
  }
});

test('the id of another connection: refused as unknown; its owner is not affected', async () => {
  using owner = await router.join();
  using thief = await router.join();
  const stream = thief.openP2p();
  stream.send({ type: 'heartbeat', senderId: owner.id });
  assert.equal(await nextError(stream), unknown(owner.id));
  stream.send({ type: 'unicast', senderId: owner.id, targetId: owner.id, payload: { forged: true } });
  assert.equal(await nextError(stream), unknown(owner.id));

  owner.unicast(owner.id, { secret: 1 });
  assert.deepEqual(asMap((await owner.next()).message.payload), { secret: 1 });
  assert.equal(stream.receivedCount, 2, 'the thief heard only refusals');
});

test('the id of a closed connection: not available to another connection', async () => {
  using owner = await router.join();
  using thief = await router.connect();
  const stream = thief.openP2p();
  owner.p2p.halfClose();
  await owner.p2p.whenEnded;
  stream.send({ type: 'heartbeat', senderId: owner.id });
  assert.equal(await nextError(stream), unknown(owner.id));
  await owner.close();
  await poll('the owner to be gone', async () =>
    (await thief.getOnlineClients()).every(({ clientId }) => clientId !== owner.id),
  );
  stream.send({ type: 'heartbeat', senderId: owner.id });
  assert.equal(await nextError(stream), unknown(owner.id));
});

test('several clients on one connection: each has its own stream', async () => {
  using client = await router.connect();
  const first = await client.register({ clientName: 'first' });
  const second = await client.register({ clientName: 'second' });
  const firstStream = await client.bind(first);
  const secondStream = await client.bind(second);
  firstStream.send({ type: 'unicast', targetId: second, payload: { to: 'second' } });
  secondStream.send({ type: 'unicast', targetId: first, payload: { to: 'first' } });
  assert.deepEqual((await firstStream.next()).message.payload, { to: 'first' });
  assert.deepEqual((await secondStream.next()).message.payload, { to: 'second' });
  firstStream.halfClose();
  await firstStream.whenEnded;
  secondStream.send({ type: 'unicast', targetId: second, payload: { self: true } });
  assert.deepEqual((await secondStream.next()).message.payload, { self: true });
});

for (const how of ['half-closed', 'reset'] as const) {
  test(`a client whose stream was ${how}: may bind to the same id on a new stream`, async () => {
    using client = await router.join();
    using sender = await router.join();
    const old = client.p2p;
    if (how === 'half-closed') old.halfClose();
    else old.stream.reset();
    const end = await old.whenEnded;
    if (how === 'half-closed') assert.equal(end.status, 0);
    await poll('the stream to be gone', async () => !(await sender.canReach(client.id)));
    const again = await client.bind();
    sender.unicast(client.id, { n: 1 });
    assert.deepEqual((await again.next()).message.payload, { n: 1 });
  });
}

test('a second stream for the same id: no message is delivered twice', async () => {
  using client = await router.join();
  using sender = await router.join();
  const old = client.p2p;
  const second = client.openP2p();
  second.send({ type: 'heartbeat', senderId: client.id });
  await second.next();
  for (const n of [1, 2, 3]) sender.unicast(client.id, { n });
  sender.unicast(sender.id, { done: true });
  await sender.next();
  await poll('all three to arrive', () => old.inbox.length + second.inbox.length >= 3);
  await quiet(50);
  const arrived = [...old.drain(), ...second.drain()].filter(({ message }) => message.type === 'unicast');
  assert.deepEqual(
    arrived.map(({ message }) => asMap(message.payload).n),
    [1, 2, 3],
  );
});

test('an unbound stream: receives nothing', async () => {
  using sender = await router.join();
  using client = await router.connect();
  await client.register({ groups: ['unbound'] });
  const stream = client.openP2p();
  sender.send({ type: 'broadcast', payload: {} });
  sender.send({ type: 'multicast', groupName: 'unbound', payload: {} });
  sender.unicast(client.id, {});
  assert.match(String(await nextError(sender.p2p)), /не найден/);
  assert.equal(stream.receivedCount, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, encodeCbor } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

/** Asserts that the client's inbox contains only this marker, since earlier messages would precede it. */
async function assertNothing(from: DartClient, to: DartClient): Promise<void> {
  from.unicast(to.id, { marker: true });
  assert.equal(asMap((await to.next()).message.payload).marker, true);
}

test('multicast: reaches the members of the group except the sender', async () => {
  using a = await router.join({ groups: ['team'] });
  using b = await router.join({ groups: ['team', 'other'] });
  using c = await router.join({ groups: ['other'] });
  a.send({ type: 'multicast', groupName: 'team', payload: { n: 1 } });
  const { message } = await b.next();
  assert.equal(message.senderId, a.id);
  assert.equal(message.groupName, 'team');
  await assertNothing(a, a);
  await assertNothing(a, c);
});

test('multicast: the sender need not be a member', async () => {
  using outsider = await router.join();
  using member = await router.join({ groups: ['open-group'] });
  outsider.send({ type: 'multicast', groupName: 'open-group', payload: { n: 1 } });
  assert.equal((await member.next()).message.senderId, outsider.id);
});

test('multicast: a member that joined the group twice gets one copy', async () => {
  using sender = await router.join();
  using member = await router.join({ groups: ['double', 'double'] });
  sender.send({ type: 'multicast', groupName: 'double', payload: { n: 1 } });
  await member.p2p.ofType('multicast');
  await assertNothing(sender, member);
});

test('multicast: an empty group is not an error', async () => {
  using a = await router.join({ groups: ['only-me'] });
  a.send({ type: 'multicast', groupName: 'nobody-here', payload: {} });
  a.send({ type: 'multicast', groupName: 'only-me', payload: {} });
  await assertNothing(a, a);
});

test('multicast: without groupName: an error message', async () => {
  using a = await router.join();
  a.send({ type: 'multicast', payload: {} });
  assert.match(String((await a.next()).message.errorMessage), /groupName/);
});

test('broadcast: reaches every bound client except the sender', async () => {
  using a = await router.join();
  const others = await Promise.all([1, 2, 3, 4, 5].map(() => router.join()));
  using unbound = await router.connect();
  await unbound.register();
  const body = encodeCbor({ type: 'broadcast', senderId: a.id, payload: { hello: 'all' } });
  a.send(body);
  for (const other of others) assert.deepEqual((await other.p2p.ofType('broadcast')).body, body);
  await assertNothing(a, a);
  for (const other of others) other.connection.destroy();
});

test('broadcast: a wrong senderId is replaced by the bound id for every receiver', async () => {
  using a = await router.join();
  using b = await router.join();
  using c = await router.join({}, { framing: 1 });
  a.send({ type: 'broadcast', senderId: b.id, payload: { forged: false } });
  for (const receiver of [b, c]) assert.equal((await receiver.p2p.ofType('broadcast')).message.senderId, a.id);
});

test('error message: is not forwarded', async () => {
  using a = await router.join();
  using b = await router.join();
  a.send({ type: 'error', targetId: b.id, errorMessage: 'something went wrong here' });
  await assertNothing(a, b);
  await assertNothing(a, a);
});

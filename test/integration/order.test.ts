import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();
const COUNT = 2000;

function payload(n: number): { n: number; filler: string } {
  // sizes that sometimes cross frames and windows
  return { n, filler: 'x'.repeat(n % 97 === 0 ? 20_000 : n % 50) };
}

async function assertInOrder(receiver: DartClient, from: DartClient): Promise<void> {
  for (let n = 0; n < COUNT; n++) {
    const { message } = await receiver.next(({ senderId }) => senderId === from.id);
    assert.equal(asMap(message.payload).n, n);
  }
}

test('order: messages from one sender to one receiver arrive in order', async () => {
  using a = await router.join();
  using b = await router.join();
  for (let n = 0; n < COUNT; n++) a.unicast(b.id, payload(n));
  await assertInOrder(b, a);
});

test('order: kept across message types and concurrent senders', async () => {
  using a = await router.join({}, { framing: 1 });
  using b = await router.join({ groups: ['ordered'] });
  using c = await router.join();
  for (let n = 0; n < COUNT; n++) {
    if (n % 3 === 0) a.unicast(b.id, payload(n));
    else if (n % 3 === 1) a.send({ type: 'multicast', groupName: 'ordered', payload: payload(n) });
    else a.send({ type: 'broadcast', payload: payload(n) });
    c.unicast(b.id, payload(n));
  }
  await Promise.all([assertInOrder(b, a), assertInOrder(b, c)]);
});

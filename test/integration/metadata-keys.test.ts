import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor, Raw } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();
const INVALID_ARGUMENT = 3;

/** A Dart client casts metadata to a map with text keys: one other key makes the whole list unreadable. */
const UNREADABLE: readonly (readonly [string, string])[] = [
  ['an integer as key', 'a10102'],
  ['bytes as key', 'a1416102'],
  ['an array as key', 'a1800a'],
  ['null as key', 'a1f601'],
  ['the same key twice', 'a2616101616102'],
  ['a text key behind an integer key', 'a20102616101'],
];

for (const [name, bytes] of UNREADABLE) {
  test(`metadata with ${name}: refused by register and by updateMetadata`, async () => {
    using client = await DartClient.join(router.port, { metadata: { good: 1 } });
    const reply = await client.unary('register', encodeCbor({ metadata: new Raw(bytes) }));
    assert.equal(reply.end.status, INVALID_ARGUMENT);
    const { messages } = await router.process.status();
    client.send({ type: 'updateMetadata', payload: { metadata: new Raw(bytes) } });
    await router.process.until('it to be dropped', (status) => {
      return status.messages.dropped.invalidMetadata === (messages.dropped.invalidMetadata ?? 0) + 1;
    });
    const own = (await client.getOnlineClients()).find(({ clientId }) => clientId === client.id);
    assert.deepEqual(own?.metadata, { good: 1 });
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import type { ClientFraming } from '../support/framing.ts';
import { frameBody } from '../support/framing.ts';
import { EMPTY_AUTHORITY } from '../support/hpack.ts';
import { quiet } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

/** Registers, binds and sends a message to itself: the first steps of every client. */
async function assertWorks(client: DartClient): Promise<void> {
  await client.register({ clientName: 'x' });
  await client.bind();
  client.unicast(client.id, { n: 1 });
  assert.equal((await client.next()).message.senderId, client.id);
  assert.equal((await client.events().next()).message.type, 'routerStats');
}

const AUTHORITIES: readonly (readonly [string, string | Buffer])[] = [
  ['a host without a port', 'router.example.org'],
  ['a host with a port', '127.0.0.1:8080'],
  ['an empty string, as Dart writes it', ''],
  ['an empty string, name indexed', EMPTY_AUTHORITY.indexedName],
  ['an empty string, static entry', EMPTY_AUTHORITY.staticEntry],
  ['an empty string, never indexed', EMPTY_AUTHORITY.neverIndexed],
];

for (const [name, authority] of AUTHORITIES) {
  test(`:authority is ${name}`, async () => {
    using client = await DartClient.connect(router.port, { authority });
    await assertWorks(client);
  });

  test(`:authority is ${name}, byte by byte`, async () => {
    using client = await DartClient.connect(router.port, { authority, splitBytes: 1 });
    await assertWorks(client);
  });
}

test(':authority empty by an entry of the dynamic table: served', async () => {
  using client = await DartClient.connect(router.port);
  const headers = (authority: Buffer) =>
    client.requestHeaders('/router/ping').map((field) => {
      return Array.isArray(field) && field[0] === ':authority' ? authority : field;
    });
  const request = frameBody(encodeCbor({ v: 1 }), 2);
  for (const authority of [EMPTY_AUTHORITY.incremental, EMPTY_AUTHORITY.dynamicEntry, EMPTY_AUTHORITY.dynamicEntry]) {
    const stream = client.connection.request(headers(authority));
    stream.send(request, true);
    assert.equal((await stream.whenEnded).status, 0);
  }
});

test(':authority empty from the second call on: served', async () => {
  using client = await DartClient.connect(router.port, { authority: 'host' });
  await client.ping(1);
  const headers = client.requestHeaders('/router/ping').map((field) => {
    return Array.isArray(field) && field[0] === ':authority' ? EMPTY_AUTHORITY.newName : field;
  });
  const stream = client.connection.request(headers);
  stream.send(frameBody(encodeCbor({ v: 2 }), 2), true);
  const { status } = await stream.whenEnded;
  // other streams of the connection must not be affected
  assert.ok(status === 0 || status === null);
  assert.equal((await client.ping(3)).timestamp, 3);
});

test('clients with an empty authority on many connections: distinguished', async () => {
  const clients = await Promise.all(
    Array.from({ length: 10 }, (_, n) => {
      const framing: ClientFraming = n % 2 === 0 ? 1 : 2;
      return router.join({ clientName: `empty-${n}` }, { authority: '', framing });
    }),
  );
  for (const [n, client] of clients.entries()) {
    const target = clients[(n + 1) % clients.length] as DartClient;
    client.unicast(target.id, { n });
    assert.equal((await target.next()).message.senderId, client.id);
  }
  // binding is by connection: the id of another connection is still refused
  const [first, second] = clients as [DartClient, DartClient];
  const stream = first.openP2p();
  stream.send({ type: 'heartbeat', senderId: second.id });
  assert.equal((await stream.next()).message.type, 'error');
  for (const client of clients) client.connection.destroy();
});

test('a client that waits between preface and first request: served', async () => {
  using client = await DartClient.connect(router.port, { authority: '' });
  await quiet(100);
  await assertWorks(client);
});

test('a large first request sent at once: served', async () => {
  using client = await DartClient.connect(router.port, { authority: '' });
  await client.register({ metadata: { note: 'x'.repeat(60_000) } });
  await client.bind();
  client.unicast(client.id, { blob: Buffer.alloc(500_000, 7) });
  assert.equal((await client.next()).message.type, 'unicast');
});

test('request headers of a kilobyte, padded and with priority, in CONTINUATION frames: served', async () => {
  using client = await DartClient.connect(router.port, { authority: '', headers: { 'x-long': 'v'.repeat(1000) } });
  await assertWorks(client);
});

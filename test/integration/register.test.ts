import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encodeCbor, Raw, rawValue } from '../support/cbor.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();
const CLIENT_ID = /^client_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('register: every client gets its own id', async () => {
  using client = await router.connect();
  const first = await client.register({ clientName: 'alice' });
  const second = await client.register({ clientName: 'alice' });
  assert.match(first, CLIENT_ID);
  assert.match(second, CLIENT_ID);
  assert.notEqual(first, second);
});

test('register: ignores unknown keys', async () => {
  using client = await router.connect();
  const reply = await client.call('register', { clientName: 'x', somethingNew: { a: [1] } });
  assert.equal(reply.success, true);
});

const WRONG: readonly (readonly [string, Encodable])[] = [
  ['a name that is a number', { clientName: 7 }],
  ['groups that are no list', { groups: 'developers' }],
  ['a group that is a number', { groups: ['a', 7] }],
  ['metadata that is no map', { metadata: [1] }],
];

for (const [name, request] of WRONG) {
  test(`register: refuses ${name}`, async () => {
    using client = await router.connect();
    const { end, body } = await client.unary('register', request);
    if (end.status === 0) assert.match(body?.toString('latin1') ?? '', /errorMessage/);
    else assert.equal(end.status, 3);
    assert.equal((await client.ping(1)).timestamp, 1, 'the connection goes on');
  });
}

test('metadata: stored byte for byte, in any key order', async () => {
  using client = await router.connect();
  const metadata = Buffer.from('a36162fb3ff00000000000006161197fff6163bf617801ff', 'hex');
  const id = await client.register({ metadata: new Raw(metadata) });
  const { body } = await client.unary('getOnlineClients', {});
  const list = body as Buffer;
  assert.ok(list.includes(Buffer.from(id)));
  assert.ok(list.includes(Buffer.concat([encodeCbor('metadata'), metadata])));
  assert.notEqual(rawValue(list, 'clients'), undefined);
});

test('names and groups: any script', async () => {
  using client = await router.connect();
  const id = await client.register({ clientName: 'Алиса 👋', groups: ['разработчики', ''] });
  const own = (await client.getOnlineClients()).find(({ clientId }) => clientId === id);
  assert.equal(own?.clientName, 'Алиса 👋');
});

for (const v of [0, -1, 1749925815123, 9223372036854775807n]) {
  test(`ping: echoes ${v} as an integer and adds the router time`, async () => {
    using client = await router.connect();
    const before = Date.now();
    const { timestamp, serverTimestamp } = await client.call('ping', { v });
    assert.equal(timestamp, v);
    assert.ok(
      typeof serverTimestamp === 'number' && serverTimestamp >= before - 1 && serverTimestamp <= Date.now() + 1,
    );
  });
}

test('responses: the headers that a Dart client reads, and the status in separate trailers', async () => {
  using client = await router.connect();
  const stream = client.open('ping', { 'x-trace-id': 'trace-1', 'x-request-id': 'request-1' });
  stream.send(Buffer.from('000000000ca161761b000001976fb4e353', 'hex'), true);
  await stream.whenEnded;
  assert.equal(stream.headers?.[':status'], '200');
  assert.match(String(stream.headers?.['content-type']), /^application\/grpc/);
  assert.equal(stream.headers?.['grpc-status'], undefined);
  assert.equal(stream.trailers?.['grpc-status'], '0');
});

for (const path of ['/router/nonsense', '/other/ping', '/router', '/router/ping/', '/']) {
  test(`${path}: UNIMPLEMENTED`, async () => {
    using client = await router.connect();
    const stream = client.connection.request(client.requestHeaders(path));
    stream.send(Buffer.from('0000000001a0', 'hex'), true);
    assert.equal((await stream.whenEnded).status, 12);
  });
}

test('many concurrent calls on one connection: all answered', async () => {
  using client = await router.connect();
  const pings = Array.from({ length: 200 }, (_, v) => client.ping(v));
  const echoes = (await Promise.all(pings)).map(({ timestamp }) => timestamp);
  assert.deepEqual(
    echoes,
    Array.from({ length: 200 }, (_, v) => v),
  );
});

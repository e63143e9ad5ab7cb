import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import {
  acknowledge,
  bindSession,
  counted,
  joinSession,
  numberOf,
  registerSession,
  resumeSession,
} from '../support/session-client.ts';
import { SharedRouter } from '../support/using-router.ts';

// sessions of earlier tests may still be away; this router ends with them
const router = new SharedRouter();
before(() => router.start(['--max-message-bytes', '64KiB'], {}));
after(() => router.process.stop());
const ABORTED = 10;
const RESOURCE_EXHAUSTED = 8;

for (const framing of [1, 2] as const) {
  const options = { framing };

  test(`framing ${framing}: a lost connection loses no message in either direction and causes no event`, async () => {
    const bob = await router.join();
    const watcher = await router.connect();
    const events = watcher.events();
    await events.ofType('routerStats');
    const { client, grant } = await joinSession(router.port, { groups: ['g'] }, options);
    assert.deepEqual({ ...grant, token: '' }, { token: '', resumed: false, received: 0, windowMs: 60_000, lost: 0 });
    client.unicast(bob.id, { n: 1 });
    bob.unicast(client.id, { n: 10 });
    assert.deepEqual(
      [await counted(client, 1), await counted(bob, 1)].map(([message]) => message && numberOf(message)),
      [10, 1],
    );
    assert.equal(await acknowledge(client, 0), 1);
    client.reset();
    const listed = await poll('the client to be away', async () => {
      const found = await bob.getOnlineClients({ groups: ['g'] });
      return found[0]?.status === 'idle' ? found : null;
    });
    assert.deepEqual(
      listed.map(({ clientId, status }) => [clientId, status]),
      [[client.id, 'idle']],
    );
    for (const n of [11, 12]) bob.unicast(client.id, { n });
    const request = {
      type: 'request',
      senderId: bob.id,
      targetId: client.id,
      payload: { requestId: 'q', timeoutMs: 60_000 },
    };
    bob.send(request);
    const again = await resumeSession(router.port, { token: grant.token, received: 1 }, options);
    using returned = again.client;
    assert.deepEqual(
      [returned.id, again.grant.resumed, again.grant.received, again.grant.lost],
      [client.id, true, 1, 0],
    );
    const messages = await counted(returned, 3);
    assert.deepEqual(
      messages.map(({ type, payload }) => [type, asMap(payload).n]),
      [
        ['unicast', 11],
        ['unicast', 12],
        ['request', undefined],
      ],
    );
    returned.send({
      type: 'response',
      senderId: returned.id,
      targetId: bob.id,
      success: true,
      payload: { requestId: 'q' },
    });
    assert.equal((await counted(bob, 1))[0]?.type, 'response');
    returned.p2p.halfClose();
    await events.next(({ type, data }) => {
      return type === 'clientDisconnected' && asMap(data ?? {}).reason === 'Session ended';
    });
    const ofClient = events.drain().filter(({ message }) => asMap(message.data ?? {}).clientId === client.id);
    assert.deepEqual(
      ofClient.map(({ message }) => message.type),
      ['clientConnected'],
    );
  });

  test(`framing ${framing}: the answer to a resume may be lost; the newest connection wins`, async () => {
    const bob = await router.join();
    const { client: halfOpen, grant } = await joinSession(router.port, {}, options);
    bob.unicast(halfOpen.id, { n: 1 });
    await counted(halfOpen, 1);
    const { p2p } = halfOpen;
    {
      using unanswered = await DartClient.connect(router.port, options);
      await registerSession(unanswered, { token: grant.token, received: 1 });
    }
    assert.equal((await p2p.whenEnded).status, ABORTED);
    bob.unicast(halfOpen.id, { n: 2 });
    const again = await resumeSession(router.port, { token: grant.token, received: 1 }, options);
    using returned = again.client;
    assert.deepEqual([again.grant.resumed, (await counted(returned, 1)).map(numberOf)], [true, [2]]);
    using late = await DartClient.connect(router.port, options);
    const { grant: other } = await registerSession(late, { token: grant.token, received: 1 });
    assert.deepEqual([other.resumed, late.id === returned.id], [false, false], 'a newer token was used');
    halfOpen.connection.destroy();
    returned.p2p.halfClose();
  });

  test(`framing ${framing}: a message that is too large is answered, ends the stream, and is not received`, async () => {
    const { client, grant } = await joinSession(router.port, {}, options);
    client.unicast(client.id, { n: 1 });
    await counted(client, 1);
    client.unicast(client.id, { filler: Buffer.alloc(70_000) });
    const [error] = await counted(client, 1);
    assert.deepEqual([error?.type, asMap(error?.payload).code], ['error', 'too-large']);
    assert.equal((await client.p2p.whenEnded).status, RESOURCE_EXHAUSTED);
    const again = await resumeSession(router.port, { token: grant.token, received: 2 }, options);
    using returned = again.client;
    assert.deepEqual([again.grant.resumed, again.grant.received], [true, 1]);
    returned.p2p.halfClose();
    client.connection.destroy();
  });
}

test('forged, changed and huge tokens: a new client, never another one', async () => {
  const { client, grant } = await joinSession(router.port);
  const bytes = Buffer.from(grant.token, 'base64url');
  bytes[20] = (bytes[20] as number) ^ 1;
  const tokens = [
    '',
    'x',
    client.id,
    bytes.toString('base64url'),
    'A'.repeat(60_000),
    '\u0000',
    `${grant.token}x`.slice(1),
  ];
  using attacker = await DartClient.connect(router.port);
  for (const token of tokens) {
    const { id, grant: other } = await registerSession(attacker, { token, received: 0 });
    assert.deepEqual([other.resumed, id === client.id], [false, false]);
    const stream = attacker.openP2p();
    stream.send({ type: 'heartbeat', senderId: client.id, payload: { session: token } });
    assert.equal(asMap((await stream.ofType('error')).message.payload).code, 'not-found');
  }
  assert.equal(await acknowledge(client, 0), 0, 'the session was not touched');
  client.p2p.halfClose();
});

test('fields of the wrong type: refused', async () => {
  using client = await DartClient.connect(router.port);
  const invalid = [
    { token: 1 },
    { token: Buffer.from('x') },
    { token: [] },
    { received: -1 },
    { received: 1.5 },
    { received: 2n ** 60n },
    { received: '1' },
  ];
  for (const session of invalid) {
    const { end } = await client.unary('register', { session });
    assert.deepEqual([end.status, /session\.(token|received)/.test(end.message)], [3, true]);
  }
});

test('a received count beyond the sent count: resumes nothing', async () => {
  const { client, grant } = await joinSession(router.port);
  using other = await DartClient.connect(router.port);
  for (const received of [1, Number.MAX_SAFE_INTEGER]) {
    assert.equal((await registerSession(other, { token: grant.token, received })).grant.resumed, false);
  }
  client.p2p.halfClose();
});

test('a thousand resumes of one session: one session', async () => {
  await using own = await RouterProcess.start();
  const { client, grant } = await joinSession(own.port);
  using other = await DartClient.connect(own.port);
  let last = grant;
  for (let n = 0; n < 1000; n++) last = (await registerSession(other, { token: grant.token, received: 0 })).grant;
  assert.deepEqual([last.resumed, other.id], [true, client.id]);
  await bindSession(other, last.token);
  assert.equal(await other.canReach(client.id), true);
  assert.equal((await own.status()).sessions.current, 1);
  other.p2p.halfClose();
  client.connection.destroy();
  await own.until('no session', ({ sessions }) => sessions.current === 0);
});

test('a stream with a token and another senderId: refused', async () => {
  const alice = await joinSession(router.port);
  const bob = await joinSession(router.port);
  using third = await DartClient.connect(router.port);
  const stream = third.openP2p();
  stream.send({ type: 'heartbeat', senderId: bob.client.id, payload: { session: alice.grant.token, received: 0 } });
  const { message } = await stream.next(({ success }) => success === true);
  assert.equal(message.targetId, alice.client.id, 'it is bound as the client of the token');
  assert.equal(await bob.client.canReach(bob.client.id), true);
  for (const client of [third, bob.client]) client.p2p.halfClose();
  alice.client.connection.destroy();
});

test('a stream on another connection: binds with the token, not without', async () => {
  using registrar = await DartClient.connect(router.port);
  const { id, grant } = await registerSession(registrar);
  using other = await DartClient.connect(router.port);
  const refused = other.openP2p();
  refused.send({ type: 'heartbeat', senderId: id });
  assert.equal(asMap((await refused.ofType('error')).message.payload).code, 'not-found');
  other.id = id;
  await bindSession(other, grant.token);
  await registrar.close();
  assert.equal(await other.canReach(id), true, 'it lives on its own connection now');
  other.p2p.halfClose();
});

test('register with a session and close at once: leaves one client that is away', async () => {
  await using own = await RouterProcess.start();
  const client = await DartClient.connect(own.port);
  const { grant } = await registerSession(client);
  await client.close();
  await own.until('one away', ({ sessions, connections }) => sessions.away === 1 && connections.current === 0);
  const again = await resumeSession(own.port, { token: grant.token, received: 0 });
  assert.equal(again.grant.resumed, true);
  again.client.p2p.halfClose();
});

test('updateGroups, payload.code and messageId within a session', async () => {
  const bob = await router.join();
  const { client } = await joinSession(router.port);
  client.send({ type: 'updateGroups', senderId: client.id, payload: { join: ['fresh'] } });
  client.send({ type: 'updateGroups', senderId: client.id, payload: { join: 7, messageId: 'm1' } });
  const [malformed] = await counted(client, 1);
  assert.deepEqual(malformed?.payload, { code: 'malformed', messageId: 'm1' });
  bob.send({ type: 'multicast', senderId: bob.id, groupName: 'fresh', payload: { n: 1 } });
  assert.deepEqual((await counted(client, 1)).map(numberOf), [1]);
  client.unicast('client_nowhere', { messageId: 'm2' });
  assert.deepEqual((await counted(client, 1))[0]?.payload, { code: 'not-found', messageId: 'm2' });
  assert.equal(await acknowledge(client, 3), 3);
  client.p2p.halfClose();
});

test('a session not resumed within the window: expires', async () => {
  await using own = await RouterProcess.start(['--session-window', '1s']);
  using watcher = await DartClient.join(own.port);
  const events = watcher.events();
  const { client, grant } = await joinSession(own.port);
  assert.equal(grant.windowMs, 1000);
  client.reset();
  const { message } = await events.next(({ type }) => type === 'clientDisconnected');
  assert.deepEqual(message.data, { clientId: client.id, reason: 'Session expired' });
  assert.equal(await watcher.canReach(client.id), false);
});

test('window 0: no session in the response; the client ends with its connection', async () => {
  await using own = await RouterProcess.start(['--session-window', '0']);
  using client = await DartClient.connect(own.port);
  const reply = await client.call('register', { session: {} });
  assert.deepEqual([reply.success, 'session' in reply], [true, false]);
});

import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { asMap, encodeCbor, Raw } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const UNAUTHENTICATED = 16;
const ALICE = 'alice-secret-4711';
const BOB = 'bob-secret-0815';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** A router with the tokens of Alice and Bob; its log and status can be searched for them. */
async function guardedRouter(args: readonly string[] = []): Promise<RouterProcess> {
  const folder = new TempFolder();
  const tokens = folder.write('tokens', `# who may come in\nalice: ${ALICE}\n\nbob: ${BOB}\n`);
  const all = ['--auth-tokens-file', tokens, '--log-level', 'debug', '--status-page-clients', ...args];
  return RouterProcess.start([...all, '--metrics', '--metrics-port', '0'], { folder });
}

test('without a token: register responds with success false, other methods with UNAUTHENTICATED', async (t) => {
  await using router = await guardedRouter();
  using client = await DartClient.connect(router.port);
  const requests = [
    ['ping', { v: 1 }],
    ['getOnlineClients', {}],
    ['events', { v: null }],
    ['p2p', { type: 'heartbeat', senderId: 'client_x' }],
  ] as const;
  for (const [method, request] of requests) {
    await t.test(method, async () => {
      const { end, headers, body } = await client.unary(method, request);
      assert.equal(end.status, UNAUTHENTICATED);
      assert.match(end.message, /token/);
      assert.equal(headers['content-type'], 'application/grpc');
      assert.equal(body, null);
    });
  }
  const wrong: readonly (readonly [string, object])[] = [
    ['nothing', {}],
    ['metadata without a token', { metadata: { a: 1 } }],
    ['a wrong token', { metadata: { token: 'guess' } }],
    ['the beginning of a token', { metadata: { token: ALICE.slice(0, -1) } }],
    ['a name', { metadata: { token: 'alice' } }],
    ['an empty token', { metadata: { token: '' } }],
    ['bytes', { metadata: { token: Buffer.from(ALICE) } }],
    ['a number', { metadata: { token: 4711 } }],
  ];
  for (const [name, request] of wrong) {
    await t.test(`register with ${name}`, async () => {
      const reply = await client.tryRegister(request);
      assert.deepEqual([reply.success, reply.clientId], [false, '']);
      assert.match(reply.errorMessage ?? '', /token/i);
    });
  }
  const headers = ['', 'Bearer', 'Bearer guess', `Basic ${ALICE}`, ALICE, `Bearer ${ALICE}x`, `Bearer ${ALICE} ${BOB}`];
  for (const authorization of headers) {
    await t.test(`authorization: ${JSON.stringify(authorization)}`, async () => {
      assert.equal((await client.unary('ping', { v: 1 }, { authorization })).end.status, UNAUTHENTICATED);
    });
  }
  const failures = requests.length + wrong.length + headers.length;
  assert.equal((await router.status()).authFailures, failures);
  assert.match(await router.get('/metrics'), new RegExp(`^rpc_router_auth_failures_total ${failures}$`, 'm'));
  const reasons = router.log.match(/(?<=Authentication failed .*reason=)\w+/g) ?? [];
  assert.deepEqual(reasons.sort(), ['malformed', 'noToken', 'unknownToken'], 'each is logged once');
  assert.equal((await router.status()).clients.total, 0);
});

test('authorization header: authenticates the connection for later calls', async () => {
  await using router = await guardedRouter();
  using client = await DartClient.connect(router.port);
  await client.call('ping', { v: 1 }, { authorization: `bearer ${BOB}` });
  await client.register();
  await client.bind();
  assert.equal(await client.canReach(client.id), true);
  assert.equal((await client.events().next()).message.type, 'routerStats');
  using other = await DartClient.connect(router.port);
  assert.equal((await other.unary('ping', { v: 1 })).end.status, UNAUTHENTICATED, 'only that connection');
});

test('authorization header: accepted by register, p2p and events', async () => {
  await using router = await guardedRouter();
  using client = await DartClient.join(router.port, { metadata: { plain: true } }, bearer(ALICE));
  assert.equal((await client.events().next()).message.type, 'routerStats');
  using onlyEvents = await DartClient.connect(router.port, bearer(BOB));
  assert.equal((await onlyEvents.events().next()).message.type, 'routerStats');
});

test('metadata.token: removed before metadata is stored, listed, sent in events or logged', async () => {
  await using router = await guardedRouter();
  using watcher = await DartClient.join(router.port, {}, bearer(BOB));
  const events = watcher.events();
  await events.ofType('routerStats');
  using client = await DartClient.join(router.port, {
    clientName: 'dart',
    metadata: { token: ALICE, role: 'sensor', nested: { token: 'stays' } },
  });
  client.send({ type: 'updateMetadata', payload: { metadata: { token: ALICE, role: 'actor' } } });
  const updated = asMap((await events.ofType('clientCapabilitiesUpdated')).message.data);
  assert.deepEqual(updated, { clientId: client.id, metadata: { role: 'actor' } });
  assert.deepEqual((await watcher.getOnlineClients()).find(({ clientId }) => clientId === client.id)?.metadata, {
    role: 'actor',
  });
  assert.deepEqual(await watcher.getOnlineClients({ metadata: { token: ALICE } }), []);
  using third = await DartClient.join(router.port, { metadata: { token: BOB, role: 'x', nested: { token: 'stays' } } });
  const own = (await third.getOnlineClients()).find(({ clientId }) => clientId === third.id);
  assert.deepEqual(own?.metadata, { role: 'x', nested: { token: 'stays' } });
  client.connection.destroy();
  await events.ofType('clientDisconnected');

  router.signal('SIGUSR1');
  await router.logged(/Statistics/);
  const outputs = [router.log, await router.get('/api/status'), await router.get('/metrics')];
  outputs.push(JSON.stringify(events.drain().map(({ message }) => message)));
  for (const text of outputs) for (const token of [ALICE, BOB]) assert.ok(!text.includes(token), 'a token was told');
});

test('metadata.token twice: the whole map is refused', async () => {
  await using router = await guardedRouter();
  using client = await DartClient.join(router.port, { metadata: { role: 'x' } }, bearer(BOB));
  const twice = new Raw('a365746f6b656e616165746f6b656e6162617801'); // {token: 'a', token: 'b', x: 1}
  assert.equal((await client.unary('register', encodeCbor({ metadata: twice }))).end.status, 3);
  client.send({ type: 'updateMetadata', payload: { metadata: twice } });
  await router.until('it to be dropped', ({ messages }) => messages.dropped.invalidMetadata === 1);
  assert.deepEqual((await client.getOnlineClients())[0]?.metadata, { role: 'x' });
});

test('metadata.token without a tokens file: ordinary metadata', async () => {
  await using router = await RouterProcess.start();
  using client = await DartClient.join(router.port, { metadata: { token: 'mine' } });
  assert.deepEqual((await client.getOnlineClients())[0]?.metadata, { token: 'mine' });
});

test('a refused register: does not count in the limit; an unreadable request is still INVALID_ARGUMENT', async () => {
  await using router = await guardedRouter(['--max-clients-per-connection', '1']);
  using client = await DartClient.connect(router.port);
  for (let n = 0; n < 3; n++) assert.equal((await client.tryRegister({ metadata: { token: 'no' } })).success, false);
  assert.equal((await client.unaryBytes('register', Buffer.from('00000000010a', 'hex'), {}, 1)).end.status, 3);
  assert.equal((await client.unary('register', encodeCbor({ metadata: { token: BOB } }))).end.status, 0);
});

test('SIGHUP: clients of a removed or changed token are disconnected with the reason, others stay', async (t) => {
  await using router = await guardedRouter();
  const watcher = await DartClient.join(router.port, {}, bearer(BOB));
  const events = watcher.events();
  await events.ofType('routerStats');
  using alice = await DartClient.join(router.port, { metadata: { token: ALICE } });

  await t.test('a comment is added: no client is disconnected', async () => {
    router.folder.write('tokens', `# x\nalice: ${ALICE}\nbob: ${BOB}\n`);
    assert.notEqual((await router.reload()).outcome, 'refused');
    assert.equal(await watcher.canReach(alice.id), true);
  });

  await t.test('a file that cannot be used is refused and changes nothing', async () => {
    router.folder.write('tokens', `bob: ${BOB}\nalice\n`);
    const { outcome, errors } = await router.reload();
    assert.equal(outcome, 'refused');
    assert.match(errors.join('\n'), /tokens:2: expected "name: token"/);
    assert.equal(await watcher.canReach(alice.id), true);
  });

  await t.test("Alice's is removed", async () => {
    router.folder.write('tokens', `bob: ${BOB}\n`);
    assert.notEqual((await router.reload()).outcome, 'refused');
    await within(alice.connection.whenClosed, PATIENCE_MS, 'Alice to be cut off');
    const { data } = (await events.ofType('clientDisconnected')).message;
    assert.equal(asMap(data).clientId, alice.id);
    assert.match(String(asMap(data).reason), /token/i);
    assert.equal((await router.status()).recentlyClosed[0]?.reason, 'tokenRevoked');
    assert.equal(await watcher.canReach(watcher.id), true);
    using again = await DartClient.connect(router.port);
    assert.equal((await again.tryRegister({ metadata: { token: ALICE } })).success, false);
  });

  await t.test("Bob's is changed: the old one holds no longer", async () => {
    router.folder.write('tokens', 'bob: another\n');
    await router.reload();
    await within(watcher.connection.whenClosed, PATIENCE_MS, 'Bob to be cut off');
    using again = await DartClient.join(router.port, {}, bearer('another'));
    assert.equal(await again.canReach(again.id), true);
  });
});

test('SIGHUP with new tokens: closes connections without a token; disabling tokens needs a restart', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', `alice: ${ALICE}\n`);
  const config = folder.write('router.yaml', '{}\n');
  await using router = await RouterProcess.start(['--config', config]);
  using unauthenticated = await DartClient.join(router.port);
  folder.write('router.yaml', `auth-tokens-file: ${tokens}\n`);
  assert.equal((await router.reload()).outcome, 'applied');
  await within(unauthenticated.connection.whenClosed, PATIENCE_MS, 'it to be cut off');
  using alice = await DartClient.join(router.port, {}, bearer(ALICE));
  folder.write('router.yaml', '{}\n');
  const { outcome, errors } = await router.reload();
  assert.equal(outcome, 'refused');
  assert.match(errors.join(), /^auth-tokens-file: cannot change without a restart \(.*tokens -> none\)$/);
  using stranger = await DartClient.connect(router.port);
  assert.equal((await stranger.tryRegister()).success, false);
  assert.equal(await alice.canReach(alice.id), true);
});

test('a readable or malformed tokens file: the start is refused with all problems', async () => {
  using folder = new TempFolder();
  const file = folder.write('tokens', 'alice: a b\n: x\nbob: yyyy\nbob: zzzz\neve: e\nlonely\n');
  chmodSync(file, 0o644);
  await using router = await RouterProcess.startFailing(['--auth-tokens-file', file]);
  assert.equal(router.exit?.code, 2);
  for (const expected of [
    /tokens: readable by others \(mode 644\); run: chmod 640/,
    /tokens:1: expected "name: token"/,
    /tokens:2: expected/,
    /tokens:4: name bob is already given above/,
    /tokens:5: the token of eve is shorter than 4 characters/,
    /tokens:6: expected/,
  ]) {
    assert.match(router.log, expected);
  }
  assert.doesNotMatch(router.log, /a b|lonely/, 'contents of the file are not logged');
});

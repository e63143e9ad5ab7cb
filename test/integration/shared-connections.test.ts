import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import type { MessageStream } from '../support/message-stream.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const UNAUTHENTICATED = 16;
const ALICE = 'alice-secret-4711';
const BOB = 'bob-secret-0815';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function routerWithTokens(args: readonly string[] = []): Promise<RouterProcess> {
  const folder = new TempFolder();
  const tokens = folder.write('tokens', `alice: ${ALICE}\nbob: ${BOB}\n`);
  return RouterProcess.start(['--auth-tokens-file', tokens, ...args], { folder });
}

/** Registers with a token of the call's own; returns the id. */
async function registerAs(client: DartClient, headers: Readonly<Record<string, string>>): Promise<string> {
  const { success, clientId } = await client.call('register', {}, headers);
  assert.equal(success, true);
  return String(clientId);
}

function heartbeat(stream: MessageStream, senderId: string): void {
  stream.send({ type: 'heartbeat', senderId });
}

async function assertBinds(stream: MessageStream, id: string): Promise<void> {
  heartbeat(stream, id);
  const { message } = await stream.next();
  assert.equal(asMap(message.payload ?? {}).connected, true, String(message.errorMessage));
}

async function assertRefused(stream: MessageStream, id: string, expected: RegExp): Promise<void> {
  heartbeat(stream, id);
  assert.match(String((await stream.ofType('error')).message.errorMessage), expected);
}

const PROXY_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { via: '2.0 Caddy' },
  { forwarded: 'for=192.0.2.1' },
  { 'x-forwarded-for': '192.0.2.1' },
  { 'x-forwarded-proto': 'https' },
  { 'x-real-ip': '192.0.2.1' },
];

test('a shared connection without tokens: the header of an HTTP proxy binds no client', async (t) => {
  await using router = await RouterProcess.start();
  for (const headers of PROXY_HEADERS) {
    const name = Object.keys(headers)[0] ?? '';
    await t.test(name, async () => {
      using shared = await DartClient.connect(router.port, { headers });
      const id = await shared.register();
      const stream = shared.openP2p();
      await assertRefused(stream, id, new RegExp(`HTTP proxy.*header ${name}.*TCP proxy`));
      await assertRefused(stream, id, /HTTP proxy/);
    });
  }

  await t.test('one request with it is enough, also when the stream itself has none', async () => {
    using shared = await DartClient.connect(router.port);
    const id = await shared.register();
    await shared.call('ping', { v: 1 }, { via: '2.0 proxy' });
    await assertRefused(shared.openP2p(), id, /HTTP proxy/);
  });

  await t.test('other headers that begin alike change nothing', async () => {
    using client = await DartClient.connect(router.port, {
      headers: { 'via-x': '1', 'x-forward': '1', 'x-request-id': '1' },
    });
    await assertBinds(client.openP2p(), await client.register());
  });

  await t.test('it is logged once, and other connections are not affected', async () => {
    assert.equal(router.log.match(/Requests come through an HTTP proxy/g)?.length, 1);
    using client = await DartClient.join(router.port);
    assert.equal(await client.canReach(client.id), true);
  });
});

test('a shared connection with tokens: a token admits only its own call', async () => {
  await using router = await routerWithTokens();
  using shared = await DartClient.connect(router.port, { headers: { via: '2.0 proxy' } });
  const id = await registerAs(shared, bearer(ALICE));
  for (const headers of [{}, { authorization: 'Bearer guess' }]) {
    const { end } = await shared.unary('ping', { v: 1 }, headers);
    assert.equal(end.status, UNAUTHENTICATED);
    assert.match(end.message, /every call.*via/);
  }
  assert.equal((await shared.openP2p().whenEnded).status, UNAUTHENTICATED);
  await shared.call('ping', { v: 1 }, bearer(BOB));
  await assertRefused(shared.openP2p(bearer(ALICE)), id, /HTTP proxy/);
});

test('--auth-scope call: every call needs a token, and an id belongs to the token that registered it', async (t) => {
  await using router = await routerWithTokens(['--auth-scope', 'call']);
  using shared = await DartClient.connect(router.port);
  const alice = await registerAs(shared, bearer(ALICE));

  await t.test('no other call is admitted by it', async () => {
    assert.equal((await shared.unary('ping', { v: 1 })).end.status, UNAUTHENTICATED);
    assert.equal((await shared.unary('getOnlineClients', {})).end.status, UNAUTHENTICATED);
    assert.equal((await shared.events().whenEnded).status, UNAUTHENTICATED);
    assert.equal((await shared.openP2p().whenEnded).status, UNAUTHENTICATED);
    const reply = await shared.tryRegister();
    assert.equal(reply.success, false);
  });

  await t.test("another token's stream does not bind to the id, and receives nothing of it", async () => {
    const thief = shared.openP2p(bearer(BOB));
    await assertRefused(thief, alice, /не зарегистрирован/);
    const owner = shared.openP2p(bearer(ALICE));
    await assertBinds(owner, alice);
    owner.send({ type: 'unicast', targetId: alice, payload: { secret: 1 } });
    assert.deepEqual((await owner.ofType('unicast')).message.payload, { secret: 1 });
    assert.equal(thief.receivedCount, 1);
    owner.halfClose();
    await owner.whenEnded;
  });

  await t.test(
    'a stream that comes by another connection of the proxy binds, and the client lives with it',
    async () => {
      const sender = await registerAs(shared, bearer(BOB));
      const senderStream = shared.openP2p(bearer(BOB));
      await assertBinds(senderStream, sender);
      const registering = await DartClient.connect(router.port);
      const id = await registerAs(registering, bearer(ALICE));
      using other = await DartClient.connect(router.port, { headers: { via: '2.0 proxy' } });
      const stream = other.openP2p(bearer(ALICE));
      await assertBinds(stream, id);
      await registering.close();
      senderStream.send({ type: 'unicast', targetId: id, payload: { n: 1 } });
      assert.deepEqual((await stream.ofType('unicast')).message.payload, { n: 1 });
      await other.close();
      await poll('the client to go with the connection of its stream', async () => {
        return (await router.status()).clients.current === 2;
      });
    },
  );
});

test('--auth-scope call: a revoked token ends only its clients and streams', async () => {
  await using router = await routerWithTokens(['--auth-scope', 'call']);
  using shared = await DartClient.connect(router.port);
  const alice = shared.openP2p(bearer(ALICE));
  await assertBinds(alice, await registerAs(shared, bearer(ALICE)));
  const aliceEvents = shared.events(bearer(ALICE));
  await aliceEvents.ofType('routerStats');
  const bobId = await registerAs(shared, bearer(BOB));
  const bob = shared.openP2p(bearer(BOB));
  await assertBinds(bob, bobId);
  router.folder.write('tokens', `bob: ${BOB}\n`);
  assert.notEqual((await router.reload()).outcome, 'refused');
  assert.equal((await alice.whenEnded).status, UNAUTHENTICATED);
  assert.equal((await aliceEvents.whenEnded).status, UNAUTHENTICATED);
  bob.send({ type: 'unicast', targetId: bobId, payload: { still: true } });
  assert.deepEqual((await bob.ofType('unicast')).message.payload, { still: true });
  const status = await router.status();
  assert.equal(status.clients.current, 1);
  assert.equal(status.recentlyClosed[0]?.reason, 'tokenRevoked');
});

test('--auth-scope call without tokens: a configuration error', async () => {
  await using router = await RouterProcess.startFailing(['--auth-scope', 'call']);
  assert.equal(router.exit?.code, 2);
  assert.match(router.log, /--auth-scope: requires --auth-tokens-file/);
});

test('auth-scope: a change needs a restart', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', `alice: ${ALICE}\n`);
  const config = folder.write('router.yaml', `auth-tokens-file: ${tokens}\n`);
  await using router = await RouterProcess.start(['--config', config]);
  folder.write('router.yaml', `auth-tokens-file: ${tokens}\nauth-scope: call\n`);
  const { outcome, errors } = await router.reload();
  assert.equal(outcome, 'refused');
  assert.match(errors.join('\n'), /auth-scope: cannot change without a restart/);
});

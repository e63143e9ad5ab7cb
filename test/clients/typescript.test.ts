import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, Double, type Message, type RouterClient } from '../../clients/typescript/src/node.ts';
import { TestCa } from '../support/certs.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { LossyProxy } from './lossy-proxy.ts';

/** The transports of the client and of the router. */
const TRANSPORTS = [
  { scheme: 'http', routerOptions: [] },
  { scheme: 'http', routerOptions: ['--transport', 'grpc-js'] },
  { scheme: 'ws', routerOptions: [] },
];
const FAST = {
  reconnect: { initialDelayMs: 5, maxDelayMs: 50 },
  heartbeatTimeoutMs: 300,
  heartbeatIntervalMs: 300,
  // for connections that are frozen during the handshake
  connectTimeoutMs: 1000,
};

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** The numbers that a client receives, in order. */
function collect(client: RouterClient): number[] {
  const received: number[] = [];
  client.on('message', ({ payload }: Message) => received.push(Number(payload.n)));
  return received;
}

for (const { scheme, routerOptions } of TRANSPORTS) {
  const name = [scheme, ...routerOptions].join(' ');

  test(`${name}: messages, groups, requests, presence and events`, async () => {
    await using router = await RouterProcess.start(routerOptions);
    const url = `${scheme}://127.0.0.1:${router.port}`;
    await using alice = await connect(url, { name: 'alice', groups: ['a'], metadata: { role: 'x' } });
    await using bob = await connect(url, { name: 'bob' });
    const messages = bob.messages();
    const events = alice.events();
    assert.equal((await events.next()).value.type, 'routerStats');
    await alice.send(bob.id, { one: 1, real: new Double(1), big: 2n ** 60n, bytes: new Uint8Array([7]), none: null });
    const { value } = await messages.next();
    assert.deepEqual(
      [value.type, value.senderId, value.payload],
      ['unicast', alice.id, { one: 1, real: 1, big: 2n ** 60n, bytes: new Uint8Array([7]), none: null }],
    );
    await bob.join('a');
    await alice.multicast('a', { n: 1 });
    assert.equal((await messages.next()).value.groupName, 'a');
    await bob.leave('a');
    await alice.multicast('a', { n: 2 });
    await alice.broadcast({ n: 3 });
    assert.deepEqual((await messages.next()).value.payload, { n: 3 }, 'the multicast did not reach a former member');
    bob.onRequest(({ payload }) => {
      if (payload.fail === true) throw new Error('refused');
      return { sum: Number(payload.x) + 1 };
    });
    assert.deepEqual(await alice.request(bob.id, { x: 1 }), { sum: 2 });
    await assert.rejects(alice.request(bob.id, { fail: true }), { code: 'remote', message: 'refused' });
    await assert.rejects(alice.request('client_absent', {}), { code: 'not-found' });
    await assert.rejects(bob.request(alice.id, {}), { code: 'remote' }, 'alice answers no requests');
    const listed = await bob.clients({ metadata: { role: 'x' } });
    assert.deepEqual(
      listed.map(({ clientName, groups, metadata }) => [clientName, groups, metadata]),
      [['alice', ['a'], { role: 'x' }]],
    );
    assert.ok((await bob.ping()) >= 0);
    const failed = new Promise((resolve) => alice.on('error', resolve));
    await alice.send('client_absent', { messageId: 'm1' });
    const { code, messageId } = (await failed) as { code: string; messageId: string };
    assert.deepEqual([code, messageId], ['not-found', 'm1']);
  });

  test(`${name}: 10,000 messages both ways over 100 losses, each once and in order`, async () => {
    // a client that is away on a slow machine misses more than the default of 1 MiB
    await using router = await RouterProcess.start(['--session-buffer-bytes', '64MiB', ...routerOptions]);
    const proxy = await LossyProxy.to(router.port);
    const alice = await connect(`${scheme}://127.0.0.1:${proxy.port}`, FAST);
    const bob = await connect(`${scheme}://127.0.0.1:${router.port}`);
    try {
      const [atAlice, atBob] = [collect(alice), collect(bob)];
      const { id } = alice;
      const count = 10_000;
      const losses = 100;
      const sent: Promise<void>[] = [];
      for (let loss = 0; loss < losses; loss++) {
        for (const n of numbers(count / losses)) {
          sent.push(alice.send(bob.id, { n: loss * 100 + n }), bob.send(id, { n: loss * 100 + n }));
        }
        // somewhere in the middle of what is under way
        await delay(loss % 5);
        if (loss % 10 === 9) proxy.freeze();
        else proxy.cut();
        if (loss % 3 === 0) await poll('the client to be back', () => alice.state === 'online');
      }
      await Promise.all(sent);
      const limits = { limitMs: 120_000 };
      await poll('bob to have everything', () => atBob.length >= count, limits);
      await poll('alice to have everything', () => atAlice.length >= count, limits);
      assert.deepEqual(atBob, numbers(count));
      assert.deepEqual(atAlice, numbers(count));
      assert.equal(alice.id, id);
    } finally {
      await Promise.all([alice.close(), bob.close()]);
      await proxy.close();
    }
  });

  test(`${name}: a restarted router gets a new registration, and unsent messages reach it`, async () => {
    using folder = new TempFolder();
    const first = await RouterProcess.start(routerOptions, { folder });
    const { port } = first;
    const client = await connect(`${scheme}://127.0.0.1:${port}`, FAST);
    const id = client.id;
    await first.stop();
    await poll('the client to be away', () => client.state === 'away');
    const kept = client.broadcast({ kept: true });
    await using router = await RouterProcess.start(['--port', String(port), ...routerOptions], { folder });
    await kept;
    assert.notEqual(client.id, id, 'the key of session tokens is random: another id');
    assert.equal((await router.status()).clients.current, 1);
    await client.close();
  });
}

test('TLS over both transports, with a token that is asked for at each connection', async () => {
  using folder = new TempFolder();
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('router');
  const tokens = folder.write('tokens', 'alice: a-token-of-some-length\n');
  await using router = await RouterProcess.start([
    '--tls-cert',
    certFile,
    '--tls-key',
    keyFile,
    '--auth-tokens-file',
    tokens,
  ]);
  for (const scheme of ['https', 'wss']) {
    const url = `${scheme}://localhost:${router.port}`;
    const tls = { ca: ca.cert };
    let asked = 0;
    const token = async (): Promise<string> => {
      asked++;
      return 'a-token-of-some-length';
    };
    await using client = await connect(url, { tls, token });
    assert.equal(asked, 1);
    assert.equal((await client.clients()).length, 1);
    await assert.rejects(connect(url, { tls, token: 'wrong-token-of-some-length' }), { code: 'unauthenticated' });
    await assert.rejects(connect(url, { token }), { code: 'unreachable' }, 'a certificate of an unknown CA');
  }
});

test('errors before a connection say what is wrong', async () => {
  await assert.rejects(connect('http://127.0.0.1:1'), { code: 'unreachable' });
  await assert.rejects(connect('ws://127.0.0.1:1'), { code: 'unreachable' });
  await assert.rejects(connect('ftp://x'), {
    code: 'invalid-value',
    message: /ws:\/\/, wss:\/\/, http:\/\/, https:\/\//,
  });
  await assert.rejects(connect('nonsense'), { code: 'invalid-value' });
  await assert.rejects(connect('ws://127.0.0.1:1', { timeoutMs: -1 }), { code: 'invalid-value' });
  await assert.rejects(connect('ws://127.0.0.1:1', { signal: AbortSignal.abort() }), { code: 'aborted' });
});

test('beyond bufferBytes a send is rejected, and drain is reported', async () => {
  await using router = await RouterProcess.start();
  const proxy = await LossyProxy.to(router.port);
  const client = await connect(`http://127.0.0.1:${proxy.port}`, { ...FAST, bufferBytes: 10_000 });
  try {
    proxy.refuse(true);
    proxy.cut();
    await poll('the client to be away', () => client.state === 'away');
    const kept = client.broadcast({ text: 'x'.repeat(8000) });
    await assert.rejects(client.broadcast({ text: 'x'.repeat(8000) }), { code: 'buffer-full' });
    assert.ok(client.bufferedBytes > 8000);
    const drained = new Promise((resolve) => client.on('drain', resolve));
    proxy.refuse(false);
    await Promise.all([kept, drained]);
    assert.equal(client.bufferedBytes, 0);
  } finally {
    await client.close();
    await proxy.close();
  }
});

test('closing rejects what waits, and ends the iterators', async () => {
  await using router = await RouterProcess.start();
  const client = await connect(`http://127.0.0.1:${router.port}`);
  const peer = await connect(`http://127.0.0.1:${router.port}`);
  const messages = client.messages();
  const request = client.request(peer.id, {}, { timeoutMs: 10_000 });
  peer.onRequest(() => new Promise(() => {}));
  await Promise.all([assert.rejects(request, { code: 'closed' }), client.close()]);
  assert.deepEqual(await messages.next(), { done: true, value: undefined });
  await assert.rejects(client.send(peer.id, {}), { code: 'closed' });
  await poll('the router to have one client', async () => (await router.status()).clients.current === 1);
  await peer.close();
});

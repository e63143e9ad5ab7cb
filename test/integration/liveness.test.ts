import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter(['--health-check-interval', '1s', '--client-timeout', '4s']);

async function statusOf(watcher: DartClient, id: string): Promise<unknown> {
  return (await watcher.getOnlineClients()).find(({ clientId }) => clientId === id)?.status;
}

const disconnected =
  (id: string) =>
  (message: CborMap): boolean =>
    message.type === 'clientDisconnected' && asMap(message.data).clientId === id;

/** Sends heartbeats more often than the checks run, until disposed. */
function beating(client: DartClient): Disposable {
  const timer = setInterval(() => client.send({ type: 'heartbeat', senderId: client.id }), 300);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test('silent connections', { concurrency: true }, async (t) => {
  using watcher = await router.join();
  using _pulse = beating(watcher);
  const events = watcher.events();
  await events.ofType('routerStats');

  await Promise.all([
    t.test('two intervals of silence make a client idle, a message makes it online again', async () => {
      using client = await router.join();
      assert.equal(await statusOf(watcher, client.id), 'online');
      const started = performance.now();
      await poll('it to be idle', async () => (await statusOf(watcher, client.id)) === 'idle');
      const silentMs = performance.now() - started;
      assert.ok(silentMs > 1800, `${silentMs} ms`);
      assert.equal(await watcher.canReach(client.id), true, 'an idle client is reached');
      client.send({ type: 'heartbeat', senderId: client.id });
      await poll('it to be online', async () => (await statusOf(watcher, client.id)) === 'online');
    }),

    t.test('silent connections beyond the client timeout disconnects it, with the reason', async () => {
      using client = await router.join();
      const started = performance.now();
      const { message } = await events.next(disconnected(client.id));
      const silentMs = performance.now() - started;
      assert.ok(silentMs > 3800, `${silentMs} ms`);
      assert.equal(asMap(message.data).reason, 'Inactivity timeout');
      await within(client.p2p.whenEnded, PATIENCE_MS, 'its stream to end');
      assert.equal(await statusOf(watcher, client.id), undefined);
      assert.equal(await watcher.canReach(client.id), false);
    }),

    t.test('heartbeats keep a client online for longer than the timeout', async () => {
      using client = await router.join();
      using _own = beating(client);
      using doomed = await router.join();
      await events.next(disconnected(doomed.id));
      assert.equal(await statusOf(watcher, client.id), 'online');
    }),

    t.test('a client that never opens its stream is removed', async () => {
      using client = await router.connect();
      await client.register();
      const { message } = await events.next(disconnected(client.id));
      assert.equal(asMap(message.data).reason, 'Zombie connection cleanup');
      assert.ok(!client.connection.closed, 'the connection may register again');
      await client.register();
    }),

    t.test('a client whose stream is gone and not replaced is removed', async () => {
      using client = await router.join();
      client.p2p.halfClose();
      const { message } = await events.next(disconnected(client.id));
      assert.equal(asMap(message.data).reason, 'Zombie connection cleanup');
    }),

    t.test('a client that replaces its stream in time is not', async () => {
      using client = await router.join();
      using never = await router.connect();
      await never.register();
      client.p2p.halfClose();
      await client.p2p.whenEnded;
      await client.bind();
      await events.next(disconnected(never.id));
      assert.equal(await watcher.canReach(client.id), true);
    }),

    t.test('a check that changed something is followed by topologyChanged', async () => {
      using client = await router.connect();
      await client.register();
      using kept = await router.join({ groups: ['topology'] });
      using _own = beating(kept);
      await events.next(disconnected(client.id));
      const { message } = await events.next(({ type, data }) => {
        if (type !== 'topologyChanged') return false;
        const ids = asMap(data).clientIds as unknown[];
        return ids.includes(kept.id) && !ids.includes(client.id);
      });
      const data = asMap(message.data);
      assert.equal(data.activeClients, (data.clientIds as unknown[]).length);
      assert.deepEqual(asMap(data.capabilities)[kept.id], ['topology']);
    }),
  ]);
});

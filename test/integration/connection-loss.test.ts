import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import type { MessageStream } from '../support/message-stream.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter(['--keepalive-interval', '400ms', '--keepalive-timeout', '400ms']);
const FROZEN_CLIENT = fileURLToPath(new URL('../support/frozen-client.ts', import.meta.url));

async function watch(watcher: DartClient): Promise<MessageStream> {
  const events = watcher.events();
  await events.ofType('routerStats');
  return events;
}

/** The reason in the event about the loss of `id`. */
async function lossOf(id: string, events: MessageStream): Promise<unknown> {
  const isLoss = ({ type, data }: { type?: unknown; data?: unknown }) =>
    type === 'clientDisconnected' && (data as { clientId?: unknown }).clientId === id;
  return asMap((await events.next(isLoss)).message.data).reason;
}

/** Asserts that unicasts and lists no longer find the client. */
async function assertGone(watcher: DartClient, id: string): Promise<void> {
  assert.equal(await watcher.canReach(id), false);
  assert.ok((await watcher.getOnlineClients()).every(({ clientId }) => clientId !== id));
}

const WAYS: readonly (readonly [string, (client: DartClient) => void])[] = [
  ['FIN', (client) => client.connection.end()],
  ['RST', (client) => client.reset()],
  [
    'GOAWAY and FIN',
    (client) => {
      client.connection.sendGoaway();
      client.connection.end();
    },
  ],
  [
    'garbage',
    (client) => {
      client.connection.write(Buffer.alloc(64, 0xff));
    },
  ],
];

for (const [name, lose] of WAYS) {
  test(`a connection lost by ${name}: its clients are removed at once`, async () => {
    using watcher = await router.join();
    const events = await watch(watcher);
    using client = await router.join();
    const second = await client.register();
    lose(client);
    assert.equal(await lossOf(client.id, events), 'Connection lost');
    assert.equal(await lossOf(second, events), 'Connection lost');
    await assertGone(watcher, client.id);
  });
}

for (const [name, broken] of [
  ['a frame that is too large', Buffer.from('ffffff000100000003', 'hex')],
  ['broken HPACK', Buffer.from('00000401040000000980808080', 'hex')],
] as const) {
  test(`a protocol violation by ${name} and a close: the client is removed without keepalive`, async () => {
    await using patient = await RouterProcess.start(['--keepalive-interval', '1h']);
    using client = await DartClient.join(patient.port);
    client.connection.write(broken);
    await poll('the GOAWAY of the router', () => client.connection.goaway !== null);
    client.connection.end();
    await patient.until('it to be gone', ({ clients, connections }) => clients.current + connections.current === 0);
  });
}

test('a client that sends only GOAWAY: stays while its streams are open', async () => {
  using watcher = await router.join();
  using client = await router.join();
  client.connection.sendGoaway();
  client.unicast(watcher.id, { still: 'here' });
  assert.deepEqual((await watcher.p2p.ofType('unicast')).message.payload, { still: 'here' });
});

test('a client that does not answer keepalive pings: removed', async () => {
  using watcher = await router.join();
  const events = await watch(watcher);
  using client = await router.join({}, { answerPings: false });
  assert.equal(await lossOf(client.id, events), 'Connection lost');
  await within(client.connection.whenClosed, PATIENCE_MS, 'its connection to be closed');
  await assertGone(watcher, client.id);
});

test('a silent client that answers pings: stays', async () => {
  using watcher = await router.join();
  using silent = await router.join();
  const events = await watch(watcher);
  using doomed = await router.join({}, { answerPings: false });
  await lossOf(doomed.id, events);
  assert.equal(await watcher.canReach(silent.id), true);
});

test('a frozen peer (SIGSTOP): removed after interval and timeout', async () => {
  using watcher = await router.join();
  const events = await watch(watcher);
  const child = spawn(process.execPath, ['--import', 'tsx', FROZEN_CLIENT, String(router.port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await within(once(child.stdout, 'data'), 10_000, 'the child to join')) as [Buffer];
    const id = line.toString().trim();
    assert.equal(await watcher.canReach(id), true);
    child.kill('SIGSTOP');
    assert.equal(await lossOf(id, events), 'Connection lost');
    await assertGone(watcher, id);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a reset p2p stream: the client stays registered but unreachable', async () => {
  using watcher = await router.join();
  using client = await router.join();
  client.p2p.stream.reset();
  await router.process.until('nothing is left of the stream', () => true);
  assert.equal(await watcher.canReach(client.id), false);
  assert.ok((await watcher.getOnlineClients()).some(({ clientId }) => clientId === client.id));
});

test('many clients lost at once: all removed', async () => {
  using watcher = await router.join();
  const clients = await Promise.all(Array.from({ length: 50 }, () => router.join({ groups: ['doomed'] })));
  for (const client of clients) client.reset();
  await router.process.until('all to be gone', ({ clients: { current } }) => current === 1);
  assert.deepEqual(await watcher.getOnlineClients({ groups: ['doomed'] }), []);
});

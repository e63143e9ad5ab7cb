import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { HealthyPair, IS_GRPC_JS } from './healthy-pair.ts';

const CHUNK = Buffer.alloc(16 * 1024);

const gone =
  (id: string) =>
  (message: CborMap): boolean =>
    message.type === 'clientDisconnected' && asMap(message.data).clientId === id;

/** Sends to `targetId` until the router reports it as not found; returns the bytes sent. */
async function floodUntilGone(sender: DartClient, targetId: string): Promise<number> {
  let bytes = 0;
  await poll(
    'the slow reader to be cut off',
    () => {
      for (let n = 0; n < 8; n++) sender.unicast(targetId, { blob: CHUNK });
      bytes += 8 * CHUNK.length;
      return sender.p2p.inbox.some(({ message }) => /не найден/.test(String(message.errorMessage)));
    },
    { everyMs: 2, limitMs: 15_000 },
  );
  return bytes;
}

for (const [name, settings] of [
  ['its HTTP/2 window is full', {}],
  ['its TCP buffers are full', { 4: 2 ** 31 - 1 }],
] as const) {
  const skip = IS_GRPC_JS && 4 in settings && 'node:http2 buffers what TCP does not take';
  test(`a client that stops reading, ${name}: only this client is disconnected by --max-send-queue-bytes`, {
    skip,
  }, async () => {
    await using router = await RouterProcess.start(['--max-send-queue-bytes', '256KiB', '--write-deadline', '60s']);
    const healthyPair = await HealthyPair.join(router.port);
    using watcher = await DartClient.connect(router.port);
    const events = watcher.events();
    await events.ofType('routerStats');
    using sender = await DartClient.join(router.port);
    using slow = await DartClient.join(router.port, {}, { settings });
    if (4 in settings) slow.connection.openWindow(2 ** 30);
    slow.stopReading();

    const bytes = await floodUntilGone(sender, slow.id);
    assert.ok(bytes > 256 * 1024);
    const reason = asMap((await events.next(gone(slow.id))).message.data).reason;
    assert.match(String(reason), /slow/i);
    const status = await router.status();
    assert.equal(status.queues.slowReaders, 1);
    assert.ok(status.queues.bytes < 64 * 1024, `${status.queues.bytes} bytes are still queued`);
    assert.equal(status.recentlyClosed[0]?.reason, 'slowReaderBytes');
    assert.equal(router.log.match(/\[WARN\w*\].*slow/gi)?.length, 1, 'logged once');
    await healthyPair.assertServed();
    slow.startReading();
  });
}

test('a client that stops reading: disconnected at --write-deadline, even with a short queue', async () => {
  await using router = await RouterProcess.start(['--write-deadline', '1s', '--max-send-queue-bytes', '64MiB']);
  using sender = await DartClient.join(router.port);
  using slow = await DartClient.join(router.port);
  slow.stopReading();
  const started = performance.now();
  for (let n = 0; n < 12; n++) sender.unicast(slow.id, { blob: CHUNK }); // beyond the window of 65,535 bytes
  const status = await router.until('it to be cut off', ({ queues }) => queues.slowReaders === 1);
  const tookMs = performance.now() - started;
  assert.ok(tookMs > 900, `${tookMs} ms`);
  assert.equal(status.recentlyClosed[0]?.reason, 'slowReaderDeadline');
  assert.equal(await sender.canReach(slow.id), false);
});

test('a client that pauses within the limits: receives everything', async () => {
  await using router = await RouterProcess.start(['--write-deadline', '10m', '--max-send-queue-bytes', '4MiB']);
  using sender = await DartClient.join(router.port);
  using slow = await DartClient.join(router.port);
  const [pauses, burst] = [5, 30];
  for (let pause = 0; pause < pauses; pause++) {
    slow.stopReading();
    for (let i = 0; i < burst; i++) sender.unicast(slow.id, { n: pause * burst + i, blob: CHUNK });
    await router.until('messages to be queued', ({ queues }) => queues.bytes > 0);
    slow.startReading();
    await poll('half of the burst', () => slow.p2p.receivedCount > (pause + 0.5) * burst);
  }
  for (let n = 0; n < pauses * burst; n++) {
    assert.equal(asMap((await slow.p2p.ofType('unicast')).message.payload).n, n);
  }
  assert.equal((await router.status()).queues.slowReaders, 0);
});

test('a burst that fits the queue: reaches all clients', async () => {
  await using router = await RouterProcess.start();
  using sender = await DartClient.join(router.port);
  const readers = await Promise.all(Array.from({ length: 10 }, () => DartClient.join(router.port)));
  for (let n = 0; n < 100; n++) sender.send({ type: 'broadcast', payload: { n, blob: CHUNK } });
  for (const reader of readers) {
    for (let n = 0; n < 100; n++) assert.equal(asMap((await reader.next()).message.payload).n, n);
    reader.connection.destroy();
  }
  assert.equal((await router.status()).queues.slowReaders, 0);
});

test('an events subscriber that stops reading: disconnected as a slow consumer', async () => {
  await using router = await RouterProcess.start(['--max-send-queue-bytes', '128KiB', '--write-deadline', '60s']);
  using healthy = await DartClient.connect(router.port);
  const events = healthy.events();
  await events.ofType('routerStats');
  using slow = await DartClient.connect(router.port);
  const slowEvents = slow.events();
  await slowEvents.ofType('routerStats');
  slow.stopReading();
  using busy = await DartClient.join(router.port);
  const metadata = { filler: 'x'.repeat(30_000) };
  // one event at a time, so that the healthy subscriber never has a queue
  await poll('it to be cut off', async () => {
    busy.send({ type: 'updateMetadata', payload: { metadata } });
    await events.ofType('clientCapabilitiesUpdated');
    return (await router.status()).queues.slowReaders > 0;
  });
  assert.equal((await router.status()).queues.slowReaders, 1);
  using late = await DartClient.join(router.port);
  await events.next(({ type, data }) => type === 'clientConnected' && asMap(data).clientId === late.id);
});

test('--max-buffer-bytes: bounds the send queues of all clients together', async () => {
  await using router = await RouterProcess.start([
    ...['--max-buffer-bytes', '4MiB', '--max-send-queue-bytes', '2MiB', '--write-deadline', '60s'],
  ]);
  const healthyPair = await HealthyPair.join(router.port);
  using sender = await DartClient.join(router.port);
  const slow = await Promise.all(Array.from({ length: 8 }, () => DartClient.join(router.port, { groups: ['slow'] })));
  for (const client of slow) client.stopReading();
  await poll(
    'memory to be kept',
    async () => {
      for (let n = 0; n < 8; n++) sender.send({ type: 'multicast', groupName: 'slow', payload: { blob: CHUNK } });
      return (await router.status()).queues.slowReaders > 0;
    },
    { limitMs: 15_000 },
  );
  assert.ok((await router.status()).queues.bytes <= 4.5 * 1024 * 1024);
  await healthyPair.assertServed();
  for (const client of slow) client.connection.destroy();
});

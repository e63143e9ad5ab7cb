import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { asMap } from '../support/cbor.ts';
import { TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const server = ca.issue('server');

const RECEIVERS = 150;
const BROADCASTS = 600;
/** Far less than all messages together, so that the sender is paused. The deadline suffices for 150 readers on a busy machine. */
const SMALL_BUFFER = ['--max-buffer-bytes', '1MiB', '--write-deadline', '60s'];

async function withClients<T>(clients: readonly DartClient[], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    for (const client of clients) client.connection.destroy();
  }
}

/** One client sends hundreds of broadcasts at once and closes the connection: directly after them, or once all are received. */
async function flood(port: number, tls: ConnectionOptions | null): Promise<void> {
  const options = tls === null ? {} : { tls };
  const receivers = await Promise.all(Array.from({ length: RECEIVERS }, () => DartClient.join(port, {}, options)));
  const sender = await DartClient.join(port, {}, options);
  await withClients([...receivers, sender], async () => {
    for (let n = 0; n < BROADCASTS; n++) sender.send({ type: 'broadcast', senderId: sender.id, payload: { n } });
    sender.p2p.halfClose();
    // grpc-js loses unsent messages at the end of a connection
    if (IS_GRPC_JS) await sender.p2p.whenEnded;
    sender.connection.end();
    const isComplete = (): boolean => receivers.every(({ p2p }) => p2p.inbox.length >= BROADCASTS);
    await poll('all broadcasts at all receivers', isComplete, { limitMs: 60_000 });
    for (const { p2p } of receivers) {
      const numbers = p2p.drain().map(({ message }) => asMap(message.payload).n);
      assert.deepEqual(
        numbers,
        Array.from({ length: BROADCASTS }, (_, n) => n),
      );
    }
  });
}

test('a flood of broadcasts: reaches all receivers in order without disconnects', async () => {
  await using router = await RouterProcess.start(SMALL_BUFFER);
  await flood(router.port, null);
  await router.until('all connections to close', ({ connections }) => connections.current === 0);
});

test('a flood of broadcasts over TLS: reaches all receivers in order', async () => {
  const files = ['--tls-cert', server.certFile, '--tls-key', server.keyFile];
  await using router = await RouterProcess.start([...SMALL_BUFFER, ...files]);
  await flood(router.port, { ca: ca.cert });
});

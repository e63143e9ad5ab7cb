import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { after, test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const server = ca.issue('server');
const tls = { ca: ca.cert };
const TLS_ARGS = ['--tls-cert', server.certFile, '--tls-key', server.keyFile];

/** A TCP connection that sends `hello` and then nothing; resolves when the router closes it. */
async function untilCut(port: number, hello: Buffer): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.once('connect', () => socket.write(hello));
  await within(new Promise((resolve) => socket.once('close', resolve)), PATIENCE_MS, 'the connection to be cut');
}

test('--max-connections: applies to TLS connections, during the handshake and after it', async () => {
  await using router = await RouterProcess.start([...TLS_ARGS, '--max-connections', '2']);
  using inside = await DartClient.join(router.port, {}, { tls });
  using half = await RawConnection.open({ port: router.port, silent: true }); // never begins its handshake
  await router.until('both to count', ({ connections }) => connections.current === 2);
  await assert.rejects(
    within(RawConnection.open({ port: router.port, tls }), PATIENCE_MS, 'the refusal'),
    /reset|socket|disconnected/i,
  );
  assert.equal((await router.status()).connections.refused.connectionLimit, 1);
  half.destroy();
  await router.until('a place to be free', ({ connections }) => connections.current === 1);
  using late = await DartClient.join(router.port, {}, { tls });
  assert.equal(await inside.canReach(late.id), true);
});

test('keepalive over TLS: removes a client that does not answer pings, keeps one that does', async () => {
  await using router = await RouterProcess.start([
    ...TLS_ARGS,
    '--keepalive-interval',
    '300ms',
    '--keepalive-timeout',
    '300ms',
  ]);
  using watcher = await DartClient.join(router.port, {}, { tls });
  using silent = await DartClient.join(router.port, {}, { tls });
  using dead = await DartClient.join(router.port, {}, { tls, answerPings: false });
  await within(dead.connection.whenClosed, PATIENCE_MS, 'it to be cut');
  await poll('it to be gone', async () => !(await watcher.canReach(dead.id)));
  assert.equal(await watcher.canReach(silent.id), true);
});

test('--handshake-timeout: closes and counts slow TLS handshakes and prefaces', async () => {
  await using router = await RouterProcess.start([...TLS_ARGS, '--handshake-timeout', '300ms']);
  using bystander = await DartClient.join(router.port, {}, { tls });
  await Promise.all([
    untilCut(router.port, Buffer.alloc(0)),
    untilCut(router.port, Buffer.from('1603010200', 'hex')), // the head of a ClientHello
  ]);
  const behind = await RawConnection.open({ port: router.port, tls, silent: true });
  behind.write(Buffer.from('PRI * HTT'));
  await within(behind.whenClosed, PATIENCE_MS, 'the half-said hello to be cut');
  const { connections } = await router.until('all to be counted', (status) => {
    return status.connections.refused.handshakeTimeout === 3;
  });
  assert.equal(connections.current, 1);
  assert.equal(await bystander.canReach(bystander.id), true);
});

test('a slow consumer over TLS: disconnected', async () => {
  await using router = await RouterProcess.start([
    ...TLS_ARGS,
    '--max-send-queue-bytes',
    '128KiB',
    '--write-deadline',
    '60s',
  ]);
  using sender = await DartClient.join(router.port, {}, { tls });
  using slow = await DartClient.join(router.port, {}, { tls });
  using bystander = await DartClient.join(router.port, {}, { tls });
  slow.stopReading();
  const blob = Buffer.alloc(16 * 1024);
  await poll('it to be cut off', async () => {
    for (let n = 0; n < 8; n++) sender.unicast(slow.id, { blob });
    return (await router.status()).queues.slowReaders === 1;
  });
  assert.equal(await bystander.canReach(sender.id), true);
  assert.equal(await bystander.canReach(slow.id), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { FrameType } from '../support/http2-frames.ts';
import { poll } from '../support/poll.ts';
import { RawConnection, type RawOptions } from '../support/raw-connection.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const folder = new TempFolder();
const ca = new TestCa(folder);
const server = ca.issue('server');
const CANCEL = 8;

const REQUESTS = [
  ['GET', '/'],
  ['POST', '/unknown/method'],
  ['POST', '/router/ping'],
  ['POST', '/router/p2p'],
  ['POST', '/grpc.health.v1.Health/Watch'],
] as const;

/** Opens streams and resets each in the same segment, at the beginning of a connection and later. */
async function openAndReset(options: RawOptions, endStream: boolean, authority: readonly string[]): Promise<void> {
  for (const [method, path] of REQUESTS) {
    using connection = await RawConnection.open(options);
    for (let round = 0; round < 3; round++) {
      connection.socket.cork();
      const { id } = connection.request(
        [
          [':method', method],
          [':path', path],
          [':scheme', 'http'],
          ...authority.map((value) => [':authority', value] as const),
          ['content-type', 'application/grpc'],
        ],
        endStream,
      );
      connection.resetStream(id, CANCEL);
      connection.ping(Buffer.from(`round  ${round}`));
      connection.socket.uncork();
      await poll('the ping to be answered, or the end', () => {
        const answers = connection.frames.filter(({ type, flags }) => type === FrameType.ping && flags === 1);
        return answers.length > round || connection.closed;
      });
    }
  }
}

for (const [name, args, tls] of [
  ['cleartext', [], undefined],
  ['TLS', ['--tls-cert', server.certFile, '--tls-key', server.keyFile], { ca: ca.cert }],
] as const) {
  test(`${name}: streams that are reset in the tick in which they are opened do not end the process`, async () => {
    await using router = await RouterProcess.start(['--transport', 'grpc-js', ...args]);
    const options = { port: router.port, ...(tls === undefined ? {} : { tls }) };
    for (const endStream of [false, true]) {
      for (const authority of [['router'], [''], []]) await openAndReset(options, endStream, authority);
    }
    using client = await DartClient.join(router.port, {}, tls === undefined ? {} : { tls });
    assert.equal(await client.canReach(client.id), true);
    assert.equal(router.exit, null);
  });
}

test('SETTINGS: acknowledged before the first request', async () => {
  await using router = await RouterProcess.start(['--transport', 'grpc-js', '--keepalive-interval', '1h']);
  using connection = await RawConnection.open({ port: router.port });
  await poll('the acknowledgement', () =>
    connection.frames.some(({ type, flags }) => type === FrameType.settings && flags === 1),
  );
});

test('requests without :authority: served', async () => {
  await using router = await RouterProcess.start(['--transport', 'grpc-js']);
  using client = await DartClient.join(router.port, {}, { authority: Buffer.alloc(0) });
  assert.equal(await client.canReach(client.id), true);
});

test('closing a connection with open calls: does not end the process', async () => {
  const tokens = folder.write('tokens', 'bob: bob-secret-0815\n');
  await using router = await RouterProcess.start(['--transport', 'grpc-js', '--auth-tokens-file', tokens]);
  using client = await DartClient.join(router.port, {}, { headers: { authorization: 'Bearer bob-secret-0815' } });
  await client.events().ofType('routerStats');
  folder.write('tokens', 'bob: another-secret\n');
  await router.reload();
  await client.connection.whenClosed;
  await router.until('the client to be gone', ({ clients }) => clients.current === 0);
  assert.equal(router.exit, null);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { useRouter } from '../support/using-router.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const router = useRouter();
const skip = IS_GRPC_JS && 'grpc-js reads its connections by itself';

test('a request of HTTP/1.1: status 426 with one line, counted', { skip }, async () => {
  const before = (await router.process.status()).connections.refused.protocolError ?? 0;
  const asked = get({ host: '127.0.0.1', port: router.port, agent: false });
  const [answer] = (await within(once(asked, 'response'), PATIENCE_MS, 'an answer')) as [IncomingMessage];
  assert.deepEqual([answer.statusCode, answer.headers.upgrade], [426, 'websocket, HTTP/2.0']);
  assert.match(await text(answer), /^This port serves gRPC over HTTP\/2 [^\n]+ and WebSocket only\n$/);
  assert.equal((await router.process.status()).connections.refused.protocolError, before + 1);
});

test('a request of HTTP/1.1 byte by byte or with a body: status 426', { skip }, async () => {
  for (const request of [
    'GET / HTTP/1.1\r\n\r\n',
    `POST / HTTP/1.1\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
  ]) {
    const socket = connect(router.port, '127.0.0.1');
    socket.setNoDelay(true);
    const answer = within(text(socket), PATIENCE_MS, 'an answer');
    for (const char of request.slice(0, 18)) socket.write(char);
    socket.write(request.slice(18));
    assert.match(await answer, /^HTTP\/1\.1 426 /);
    socket.destroy();
  }
});

test('the health check over HTTP/1.1: reports whether the router serves', { skip }, async () => {
  const asked = get({ host: '127.0.0.1', port: router.port, path: '/healthz', agent: false });
  const [answer] = (await within(once(asked, 'response'), PATIENCE_MS, 'an answer')) as [IncomingMessage];
  assert.deepEqual([answer.statusCode, await text(answer)], [200, 'serving\n']);
});

test('--no-websocket: every request of HTTP/1.1 gets status 426, handshakes too', { skip }, async () => {
  await using plain = await RouterProcess.start(['--no-websocket']);
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  for (const path of ['/', '/healthz']) {
    const asked = get({ host: '127.0.0.1', port: plain.port, path, headers, agent: false });
    const [answer] = (await within(once(asked, 'response'), PATIENCE_MS, 'an answer')) as [IncomingMessage];
    assert.deepEqual([answer.statusCode, answer.headers.upgrade], [426, 'HTTP/2.0']);
    assert.match(await text(answer), /^This is a gRPC port[^\n]+\n$/);
  }
});

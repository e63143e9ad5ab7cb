import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowedOrigin, parseOrigins } from '../../src/websocket/origins.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { WsClient } from '../support/ws-client.ts';

test('origins: accepted and refused ones', () => {
  const rows: readonly (readonly [
    origin: string | undefined,
    host: string | undefined,
    allowed: string,
    result: boolean,
  ])[] = [
    [undefined, 'router:8080', '', true],
    ['http://router:8080', 'router:8080', '', true],
    ['http://ROUTER:8080', 'Router:8080', '', true],
    ['http://router', 'router:80', '', true],
    ['https://router', 'router:443', '', true],
    ['https://router', 'router', '', true],
    ['http://[::1]:8080', '[::1]:8080', '', true],
    ['http://router:8081', 'router:8080', '', false],
    ['http://router:443', 'router', '', false],
    ['https://evil.example', 'router:8080', '', false],
    ['http://router:8080.evil.example', 'router:8080', '', false],
    ['null', 'router:8080', '', false],
    ['', 'router:8080', '', false],
    ['file://', '', '', false],
    ['http://router', undefined, '', false],
    ['https://app.example', 'router', 'https://app.example', true],
    ['https://app.example', 'router', 'https://a.example, HTTPS://APP.example/', true],
    ['http://app.example', 'router', 'https://app.example', false],
    ['https://app.example:8443', 'router', 'https://app.example', false],
    ['null', 'router', '*', true],
  ];
  for (const [origin, host, allowed, result] of rows) {
    assert.equal(
      isAllowedOrigin(origin, host, parseOrigins(allowed)),
      result,
      `${origin} at ${host} with "${allowed}"`,
    );
  }
});

test('a page of another origin: refused with 403 and counted; own and listed origins are served', async () => {
  await using router = await RouterProcess.start(['--websocket-origins', 'https://app.example']);
  const host = `127.0.0.1:${router.port}`;
  for (const [origin, status] of [
    ['https://evil.example', 403],
    ['https://app.example', 101],
    [`http://${host}`, 101],
  ] as const) {
    using client = await RawWebSocket.open(router.port, { host, origin });
    assert.match(client.head, new RegExp(`^HTTP/1\\.1 ${status} `), origin);
  }
  assert.equal((await router.status()).connections.refused.protocolError, 1);
});

test('tokens: in the metadata of register, in the handshake, or in the call', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', 'alice: secret-of-alice-123456\nbob: secret-of-bob-1234567\n');
  await using router = await RouterProcess.start(['--auth-tokens-file', tokens], { folder });
  using none = await WsClient.connect(router.port);
  await assert.rejects(none.register({}), /Authentication failed/);
  await assert.rejects(none.call('ping', { v: 1 }), /"grpc-status":"16"/);
  using byMetadata = await WsClient.join(router.port, { metadata: { token: 'secret-of-alice-123456' } });
  assert.equal((await byMetadata.call('ping', { v: 1 })).timestamp, 1);
  const authorization = 'Bearer secret-of-bob-1234567';
  using byHandshake = await WsClient.join(router.port, {}, { socket: { headers: { authorization } } });
  using byCall = await WsClient.connect(router.port, { headers: { authorization } });
  assert.equal((await byCall.call('ping', { v: 1 })).timestamp, 1);
  folder.write('tokens', 'alice: secret-of-alice-123456\n');
  await router.reload();
  assert.deepEqual(await byHandshake.untilClosed(), { code: 1008, reason: 'Token revoked' });
  assert.equal((await byCall.untilClosed()).code, 1008);
  assert.equal((await byMetadata.call('ping', { v: 2 })).timestamp, 2);
  await router.until('one client to be left', ({ clients }) => clients.current === 1);
});

test('--auth-scope call: a WebSocket needs its token once, in the handshake or in register', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', 'alice: secret-of-alice-123456\n');
  await using router = await RouterProcess.start(['--auth-tokens-file', tokens, '--auth-scope', 'call'], { folder });
  const authorization = 'Bearer secret-of-alice-123456';
  using client = await WsClient.join(router.port, {}, { socket: { headers: { authorization } } });
  client.send({ type: 'unicast', senderId: client.id, targetId: client.id, payload: { n: 1 } });
  assert.deepEqual((await client.next()).payload, { n: 1 });
  using browser = await WsClient.join(router.port, { metadata: { token: 'secret-of-alice-123456' } });
  assert.equal((await browser.call('ping', { v: 1 })).timestamp, 1);
  using none = await WsClient.connect(router.port);
  await assert.rejects(none.call('ping', { v: 1 }), /"grpc-status":"16"/);
  folder.write('tokens', 'bob: secret-of-bob-1234567\n');
  await router.reload();
  assert.equal((await client.untilClosed()).code, 1008);
  assert.equal((await browser.untilClosed()).code, 1008);
});

test('a proxy that adds headers to the handshake: one connection per client, which can bind', async () => {
  await using router = await RouterProcess.start();
  const headers = { 'x-forwarded-for': '10.0.0.1', via: '1.1 proxy' };
  using client = await WsClient.join(router.port, {}, { socket: { headers } });
  assert.notEqual(client.id, '');
});

test('limits: connections, and clients on one of them', async () => {
  await using router = await RouterProcess.start(['--max-connections', '2', '--max-clients-per-connection', '2']);
  using first = await WsClient.connect(router.port);
  await first.register();
  await first.register();
  await assert.rejects(first.register(), /Too many clients on one connection: at most 2/);
  using second = await WsClient.connect(router.port);
  await assert.rejects(WsClient.connect(router.port));
  assert.equal((await second.call('ping', { v: 1 })).timestamp, 1);
});

test('keepalive: a client that answers pings stays, one that does not is removed', async () => {
  await using router = await RouterProcess.start(['--keepalive-interval', '300ms', '--keepalive-timeout', '500ms']);
  using client = await WsClient.join(router.port);
  using silent = await RawWebSocket.open(router.port);
  let pings = 0;
  client.ws.on('ping', () => pings++);
  await silent.untilClosed(10_000);
  await router.until('one connection to be left', ({ connections }) => connections.current === 1);
  assert.ok(pings > 0);
  assert.equal((await client.call('ping', { v: 1 })).timestamp, 1);
});

test('graceful shutdown: ends streams with UNAVAILABLE and closes with 1001, also without a close frame of the client', async () => {
  await using router = await RouterProcess.start();
  using client = await WsClient.join(router.port);
  const events = client.open('events');
  events.send({ v: null });
  events.end();
  assert.equal((await events.next()).type, 'routerStats');
  using silent = await RawWebSocket.open(router.port);
  router.signal('SIGTERM');
  assert.deepEqual(await client.untilClosed(), { code: 1001, reason: 'Router shutdown' });
  assert.equal((await client.p2p.trailers())['grpc-status'], '14');
  assert.equal((await events.next()).type, 'healthWarning');
  assert.equal((await events.trailers())['grpc-message'], 'Router is shutting down');
  assert.equal((await silent.closeFrame()).code, 1001);
  assert.deepEqual(await router.exited, { code: 0, signal: null });
});

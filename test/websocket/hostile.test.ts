import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../support/cbor.ts';
import { frameBody } from '../support/framing.ts';
import { poll } from '../support/poll.ts';
import { clientFrame, handshake, Opcode, RawWebSocket } from '../support/raw-websocket.ts';
import { RouterProcess } from '../support/router-process.ts';
import { useRouter } from '../support/using-router.ts';
import { WsClient } from '../support/ws-client.ts';
import { dataMessage, openMessage } from '../support/ws-envelope.ts';

const router = useRouter([
  '--handshake-timeout',
  '400ms',
  '--max-message-bytes',
  '64KiB',
  '--max-header-bytes',
  '4KiB',
]);
const PING = '/router/ping';
const open = (id = 1): Buffer => openMessage('flags', id, PING);
const request = (id = 1): Buffer => dataMessage('flags', id, PING, frameBody(encodeCbor({ v: 1 }), 2), true);

/** Asserts that a correct client is served after the attacks. */
async function assertServes(): Promise<void> {
  using client = await WsClient.connect(router.port);
  assert.equal((await client.call('ping', { v: 7 })).timestamp, 7);
}

async function refusedCount(reason: string): Promise<number> {
  return (await router.process.status()).connections.refused[reason as 'protocolError'] ?? 0;
}

test('the handshake: no compression, no subprotocol, any path', async () => {
  using client = await RawWebSocket.open(router.port, {
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    'sec-websocket-protocol': 'chat, superchat',
  });
  assert.match(client.head, /^HTTP\/1\.1 101 /);
  assert.doesNotMatch(client.head, /sec-websocket-(extensions|protocol)/i);
  using other = new RawWebSocket(router.port);
  other.socket.write(handshake({}, '/any/path?x=1'));
  await poll('101', () => other.head.startsWith('HTTP/1.1 101'));
});

test('a handshake in single bytes, with the first message in the same packet: accepted', async () => {
  using client = new RawWebSocket(router.port);
  const text = handshake();
  for (const char of text.slice(0, -1)) client.socket.write(char);
  client.socket.write(
    Buffer.concat([Buffer.from('\n'), clientFrame(Opcode.binary, open()), clientFrame(Opcode.binary, request())]),
  );
  await poll('headers, answer and trailers', () => client.frames.length === 3);
});

test('two hundred concurrent handshakes: each serves a call', async () => {
  const clients = Array.from({ length: 200 }, () => new RawWebSocket(router.port));
  for (const client of clients) client.socket.write(handshake());
  await poll('all answers', () => clients.every(({ head }) => head.startsWith('HTTP/1.1 101')));
  for (const client of clients) {
    client.send(Opcode.binary, open());
    client.send(Opcode.binary, request());
  }
  await poll('all to be served', () => clients.every(({ frames }) => frames.length === 3));
  for (const client of clients) client.socket.destroy();
});

for (const [name, begin] of [
  ['never ends', 'GET / HTTP/1.1\r\nupgrade: websocket\r\n'],
  ['ends within its first line', 'GET / HT'],
] as const) {
  test(`a handshake that ${name}: aborted`, async () => {
    const before = await refusedCount('handshakeTimeout');
    using client = new RawWebSocket(router.port);
    client.socket.write(begin);
    await client.untilClosed();
    assert.equal(await refusedCount('handshakeTimeout'), before + 1);
  });
}

for (const [name, headers, status] of [
  ['of another version', { 'sec-websocket-version': '7' }, 400],
  ['without a key', { 'sec-websocket-key': '' }, 400],
  ['with too many headers', { cookie: 'x'.repeat(20_000) }, 431],
  ['for another protocol', { upgrade: 'h2c' }, 426],
] as const) {
  test(`a handshake ${name}: status ${status}`, async () => {
    using client = await RawWebSocket.open(router.port, headers);
    assert.match(client.head, new RegExp(`^HTTP/1\\.1 ${status} `));
    await client.untilClosed();
  });
}

const BINARY = clientFrame(Opcode.binary, open(), { fin: false });

for (const [name, bytes, code] of [
  ['an unmasked frame', clientFrame(Opcode.binary, open(), { masked: false }), 1002],
  ['a compressed frame', clientFrame(Opcode.binary, open(), { reserved: 4 }), 1002],
  ['a reserved bit', clientFrame(Opcode.binary, open(), { reserved: 1 }), 1002],
  ['an unknown opcode', clientFrame(3, open()), 1002],
  ['a continuation of nothing', clientFrame(Opcode.continuation, open()), 1002],
  ['a message within another', Buffer.concat([BINARY, clientFrame(Opcode.binary, open())]), 1002],
  ['a ping in fragments', clientFrame(Opcode.ping, Buffer.alloc(0), { fin: false }), 1002],
  ['a long ping', clientFrame(Opcode.ping, Buffer.alloc(126)), 1002],
  ['a close code that does not exist', clientFrame(Opcode.close, Buffer.from([3, 0xec])), 1002],
  ['text that is no UTF-8', clientFrame(Opcode.text, Buffer.from([0xff])), 1007],
  ['a frame of 2 MiB', clientFrame(Opcode.binary, Buffer.alloc(0), { length: 2 * 1024 * 1024 }), 1009],
  ['a frame of 2^62 bytes', clientFrame(Opcode.binary, Buffer.alloc(0), { length: 2 ** 62 }), 1009],
  ['a first message that opens no call', clientFrame(Opcode.binary, Buffer.from('hello, router')), 1002],
  ['metadata that is no JSON', clientFrame(Opcode.binary, Buffer.from('00000001027b7b', 'hex')), 1002],
  [
    '2000 fragments',
    Buffer.concat([BINARY, ...Array(2000).fill(clientFrame(0, Buffer.from('x'), { fin: false }))]),
    1008,
  ],
  ['10,000 pings', Buffer.concat(Array(10_000).fill(clientFrame(Opcode.ping, Buffer.alloc(0)))), 1008],
  ['10,000 texts', Buffer.concat(Array(10_000).fill(clientFrame(Opcode.text, Buffer.from('x')))), 1008],
] as const) {
  test(`${name}: close code ${code}`, async () => {
    const before = await refusedCount('protocolError');
    using client = await RawWebSocket.open(router.port);
    client.socket.write(bytes);
    assert.equal((await client.closeFrame()).code, code);
    await client.untilClosed();
    assert.equal(await refusedCount('protocolError'), before + 1);
    await assertServes();
  });
}

test('fragments: joined, also with pings between them and in single bytes', async () => {
  using client = await RawWebSocket.open(router.port);
  const whole = open();
  const parts = [0, 1, 100, 200].map((at, index, all) => whole.subarray(at, all[index + 1]));
  const bytes = Buffer.concat([
    ...parts.flatMap((part, index) => [
      clientFrame(index === 0 ? Opcode.binary : Opcode.continuation, part, { fin: index === parts.length - 1 }),
      clientFrame(Opcode.ping, Buffer.from([index])),
    ]),
    clientFrame(Opcode.binary, request()),
  ]);
  for (const byte of bytes) client.socket.write(Buffer.from([byte]));
  await poll('pongs and the answer', () => client.frames.length === parts.length + 3);
  assert.deepEqual(
    client.frames.filter(({ opcode }) => opcode === Opcode.pong).map(({ payload }) => payload[0]),
    [0, 1, 2, 3],
  );
});

test('texts, short messages and messages without a call: ignored', async () => {
  using client = await WsClient.connect(router.port);
  client.ws.send('hello');
  client.ws.send(Buffer.from([0, 0, 0]));
  assert.equal((await client.call('ping', { v: 1 })).timestamp, 1);
  client.ws.send(Buffer.from('0000006300', 'hex'));
  client.ws.send(Buffer.from('0000006301', 'hex'));
  assert.equal((await client.call('ping', { v: 2 })).timestamp, 2);
});

test('an oversized message: ends its stream after an error; the connection stays', async () => {
  using client = await WsClient.join(router.port);
  client.send({ type: 'broadcast', senderId: client.id, payload: { blob: Buffer.alloc(70_000) } });
  const error = await client.next();
  assert.deepEqual([error.type, error.errorMessage], ['error', 'Message too large: at most 65536 bytes']);
  assert.equal((await client.p2p.trailers())['grpc-status'], '8');
  await client.bind();
});

test('oversized headers, too many concurrent calls: end the call', async () => {
  using client = await WsClient.connect(router.port);
  assert.equal((await client.open('ping', { 'x-long': 'x'.repeat(5000) }).trailers())['grpc-status'], '8');
  const calls = Array.from({ length: 520 }, () => client.open('ping'));
  const last = calls[calls.length - 1];
  assert.match((await last?.trailers())?.['grpc-message'] ?? '', /^Too many calls at a time/);
  calls[0]?.send({ v: 3 }, true);
  assert.equal((await calls[0]?.next())?.timestamp, 3);
});

test('a deadline: ends a call; an unreadable deadline as well', async () => {
  using client = await WsClient.connect(router.port);
  assert.equal((await client.open('ping', { 'grpc-timeout': '50m' }).trailers())['grpc-status'], '4');
  assert.equal((await client.open('ping', { 'grpc-timeout': 'soon' }).trailers())['grpc-status'], '3');
});

test('a client that stops reading: disconnected; others are served meanwhile', async () => {
  await using slow = await RouterProcess.start(['--write-deadline', '500ms', '--max-send-queue-bytes', '256KiB']);
  using sender = await WsClient.join(slow.port);
  using other = await WsClient.join(slow.port);
  using stopped = await WsClient.join(slow.port);
  stopped.ws.pause();
  const payload = { blob: Buffer.alloc(32 * 1024) };
  await poll(
    'the reader that stopped to be disconnected',
    async () => {
      sender.send({ type: 'unicast', senderId: sender.id, targetId: stopped.id, payload });
      return (await slow.status()).clients.current === 2;
    },
    { everyMs: 1 },
  );
  sender.send({ type: 'unicast', senderId: sender.id, targetId: other.id, payload: { n: 1 } });
  assert.deepEqual((await other.next()).payload, { n: 1 });
  stopped.ws.resume();
  await slow.until('its connection to be closed', ({ connections }) => connections.current === 2);
});

test('a close without a response or without EOF: the connection is destroyed', async () => {
  using silent = await RawWebSocket.open(router.port);
  silent.send(Opcode.binary, Buffer.from('hello, router'));
  assert.equal((await silent.closeFrame()).code, 1002);
  await silent.untilClosed();
  using half = await RawWebSocket.open(router.port);
  half.socket.pause();
  half.send(Opcode.close, Buffer.from([3, 0xe8]));
  await router.process.until('both to be gone', ({ connections }) => connections.current === 0);
});

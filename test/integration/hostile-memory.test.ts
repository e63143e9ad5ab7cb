import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { prefix } from '../support/framing.ts';
import { encodeFrame, Flag, FrameType, PREFACE, Setting, settingsFrame } from '../support/http2-frames.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { RawStream, StreamEnd } from '../support/raw-stream.ts';
import { RouterProcess } from '../support/router-process.ts';
import { HealthyPair, IS_GRPC_JS, rssOf } from './healthy-pair.ts';

const MIB = 1024 * 1024;
const RESOURCE_EXHAUSTED = 8;

/** Opens `count` p2p streams on a connection and sends the first `bytes` of a 4 MiB message on each. */
function halfSend(client: DartClient, count: number, bytes: number): RawStream[] {
  const message = prefix(Buffer.alloc(4 * MIB - 5)).subarray(0, bytes);
  return Array.from({ length: count }, () => {
    const stream = client.open('p2p');
    stream.send(message);
    return stream;
  });
}

test('partial messages on many streams: --max-buffer-bytes applies', { skip: IS_GRPC_JS }, async () => {
  await using router = await RouterProcess.start(['--max-buffer-bytes', '16MiB']);
  const healthyPair = await HealthyPair.join(router.port);
  const before = await rssOf(router);
  const attackers = await Promise.all(Array.from({ length: 4 }, () => DartClient.connect(router.port)));
  const streams = attackers.flatMap((attacker) => halfSend(attacker, 25, 3 * MIB));
  const ends: StreamEnd[] = [];
  for (const stream of streams) void stream.whenEnded.then((end) => ends.push(end));
  await poll('most of it to be refused', () => ends.length > 50, { limitMs: 20_000 });
  const { queues } = await router.status();
  // the partial messages, and the messages of the healthy pair that are being sent
  assert.ok(queues.bytes <= 16 * MIB + 64 * 1024, `${queues.bytes}`);
  assert.ok(
    ends.every(({ status }) => status === RESOURCE_EXHAUSTED),
    JSON.stringify(ends[0]),
  );
  assert.ok((await rssOf(router)) - before < 150 * MIB);
  await healthyPair.assertServed();
  for (const attacker of attackers) attacker.connection.destroy();
  await router.until('all of it to be given back', (status) => status.queues.bytes === 0);
});

test('announced lengths: need no memory; beyond --max-message-bytes only that stream ends', async () => {
  await using router = await RouterProcess.start();
  using client = await DartClient.join(router.port);
  const before = await rssOf(router);
  const beginning = prefix(Buffer.alloc(4 * MIB)).subarray(0, 6);
  const announced = Array.from({ length: 400 }, () => {
    const stream = client.open('p2p');
    stream.send(beginning);
    return stream;
  });
  await client.ping(1);
  const { queues } = await router.status();
  assert.ok(queues.bytes < 4 * MIB, `${queues.bytes} for 400 bytes`);
  assert.ok((await rssOf(router)) - before < 80 * MIB);
  for (const bytes of IS_GRPC_JS ? ['00ffffffff'] : ['00ffffffff', '0000400006']) {
    const stream = client.open('p2p');
    stream.send(Buffer.concat([Buffer.from(bytes, 'hex'), Buffer.alloc(10)]));
    assert.equal((await within(stream.whenEnded, PATIENCE_MS, 'the refusal')).status, RESOURCE_EXHAUSTED, bytes);
  }
  for (const stream of announced) stream.reset();
  assert.equal(await client.canReach(client.id), true);
  await router.until('all of it to be given back', (status) => status.queues.bytes === 0);
});

test('one byte at a time: a message of 64 KiB in 65,536 DATA frames arrives', async () => {
  await using router = await RouterProcess.start();
  const healthyPair = await HealthyPair.join(router.port);
  using client = await DartClient.join(router.port, {}, { framing: 1 });
  const body = prefix(encodeCbor({ type: 'unicast', targetId: client.id, payload: { blob: Buffer.alloc(65_000) } }));
  for (const byte of body) client.p2p.sendBytes(Buffer.from([byte]));
  assert.ok((await client.p2p.ofType('unicast', 20_000)).body.length > 65_000);
  await healthyPair.assertServed();
});

test('a client with a zero window and many requests: responses are bounded, then it is disconnected', async () => {
  await using router = await RouterProcess.start(['--write-deadline', '1s', '--max-send-queue-bytes', '256KiB']);
  const healthyPair = await HealthyPair.join(router.port);
  using known = await DartClient.connect(router.port);
  for (let n = 0; n < 20; n++) await known.register({ metadata: { filler: 'x'.repeat(50_000) } });
  const before = await rssOf(router);
  using attacker = await DartClient.connect(router.port, { settings: { [Setting.initialWindowSize]: 0 } });
  for (let n = 0; n < 300; n++) attacker.open('getOnlineClients').send(prefix(encodeCbor({})), true);
  await within(attacker.connection.whenClosed, 15_000, 'it to be cut off');
  assert.ok((await rssOf(router)) - before < 200 * MIB);
  await healthyPair.assertServed();
});

test('slowloris: an endless preface, frame or header block ends at its deadline', async () => {
  const timeouts = ['--handshake-timeout', '400ms', '--keepalive-interval', '400ms', '--keepalive-timeout', '400ms'];
  await using router = await RouterProcess.start(timeouts);
  const healthyPair = await HealthyPair.join(router.port);
  const begun: readonly (readonly [string, Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['half a preface', PREFACE.subarray(0, 10)],
    ['half a SETTINGS frame', Buffer.concat([PREFACE, settingsFrame({ 1: 1 }).subarray(0, 11)])],
    [
      'half a HEADERS frame',
      hello(encodeFrame(FrameType.headers, Flag.endHeaders, 1, Buffer.alloc(100)).subarray(0, 50)),
    ],
    ['a header block without an end', hello(encodeFrame(FrameType.headers, 0, 1, Buffer.from('00017801', 'hex')))],
  ];
  const attackers: RawConnection[] = [];
  for (const [name, bytes] of begun) {
    const attacker = await RawConnection.open({ port: router.port, silent: true, answerPings: false });
    attackers.push(attacker);
    attacker.write(bytes);
    // byte by byte, without a time limit
    const drip = setInterval(() => attacker.write(Buffer.alloc(name === 'half a preface' ? 0 : 1)), 150);
    await within(attacker.whenClosed, PATIENCE_MS, `${name} to be cut off`);
    clearInterval(drip);
  }
  const { connections } = await router.until('all to be gone', (status) => status.connections.current === 2);
  assert.ok((connections.refused.handshakeTimeout ?? 0) >= 1);
  await healthyPair.assertServed();
  for (const attacker of attackers) attacker.destroy();
});

function hello(frame: Buffer): Buffer {
  return Buffer.concat([PREFACE, settingsFrame({}), frame]);
}

test('a thousand silent connections: closed after --handshake-timeout', async () => {
  await using router = await RouterProcess.start(['--handshake-timeout', '1500ms', '--max-connections', '500']);
  const healthyPair = await HealthyPair.join(router.port);
  const silent = await Promise.all(
    Array.from({ length: 700 }, () => RawConnection.open({ port: router.port, silent: true })),
  );
  const { connections } = await router.until('all to be taken or refused', (status) => {
    return status.connections.total + (status.connections.refused.connectionLimit ?? 0) === 702;
  });
  assert.ok((connections.refused.connectionLimit ?? 0) > 0 && connections.current <= 500);
  const after = await router.until('the silent to be gone', (status) => status.connections.current === 2, 10_000);
  assert.equal(after.connections.refused.handshakeTimeout, after.connections.total - 2);
  using late = await DartClient.join(router.port);
  assert.equal(await late.canReach(late.id), true);
  await healthyPair.assertServed();
  for (const connection of silent) connection.destroy();
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { encodeCbor } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { prefix } from '../support/framing.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import type { RawStream, StreamEnd } from '../support/raw-stream.ts';
import { useRouter } from '../support/using-router.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const MIB = 1024 * 1024;
const Status = { ok: 0, invalidArgument: 3, resourceExhausted: 8, unimplemented: 12, internal: 13 } as const;
const router = useRouter(['--max-message-bytes', '1MiB']);
const skip = IS_GRPC_JS && 'grpc-js decompresses by itself';

const gzipped = (body: Buffer): Buffer => prefix(gzipSync(body), 1);
const PING = encodeCbor({ v: 7 });
const encoded = (encoding: string) => ({ 'grpc-encoding': encoding });

const endOf = (stream: RawStream): Promise<StreamEnd> => within(stream.whenEnded, PATIENCE_MS, 'the end of the stream');

async function connect(): Promise<DartClient> {
  return await router.connect({ framing: 1 });
}

test('gzip on a request: decompressed; the response is not compressed', { skip }, async () => {
  const client = await connect();
  const { end, headers, body } = await client.unaryBytes('ping', gzipped(PING), encoded('gzip'));
  assert.equal(end.status, Status.ok);
  assert.equal(headers['grpc-accept-encoding'], 'identity,gzip');
  assert.ok(body !== null);
});

test('messages with and without the compressed flag: arrive in order', { skip }, async () => {
  const receiver = await router.join({}, { framing: 1 });
  const sender = await router.join({}, { framing: 1 });
  const stream = sender.open('p2p', encoded('gzip'));
  const messages = Array.from({ length: 60 }, (_, n) =>
    encodeCbor({
      type: 'unicast',
      senderId: sender.id,
      targetId: receiver.id,
      payload: { n, filler: 'x'.repeat((n * 7919) % 3000) },
    }),
  );
  const bytes = Buffer.concat(messages.map((message, n) => (n % 3 === 0 ? prefix(message) : gzipped(message))));
  for (let pos = 0; pos < bytes.length; pos += 700) stream.send(bytes.subarray(pos, pos + 700));
  const order: unknown[] = [];
  for (const _ of messages) {
    const { message } = await receiver.p2p.ofType('unicast');
    order.push((message.payload as { n?: unknown }).n);
  }
  assert.deepEqual(
    order.map(Number),
    messages.map((_, n) => n),
  );
  stream.halfClose();
  assert.equal((await endOf(stream)).status, Status.ok);
});

test('compressed messages beyond a window: processed one after the other', { skip }, async () => {
  const receiver = await router.join({}, { framing: 1 });
  const sender = await router.join({}, { framing: 1 });
  const stream = sender.open('p2p', encoded('gzip'));
  const noise = randomBytes(300_000);
  const message = encodeCbor({ type: 'unicast', senderId: sender.id, targetId: receiver.id, payload: { noise } });
  for (let n = 0; n < 12; n++) stream.send(gzipped(message));
  for (let n = 0; n < 12; n++) await receiver.p2p.ofType('unicast', 10_000);
  stream.reset();
});

test('--max-message-bytes: applies after decompression', { skip }, async () => {
  const client = await connect();
  for (const body of [Buffer.alloc(1.1 * MIB), Buffer.alloc(200 * MIB)]) {
    const stream = client.open('p2p', encoded('gzip'));
    stream.send(gzipped(body));
    const end = await endOf(stream);
    assert.equal(end.status, Status.resourceExhausted);
    assert.match(end.message, /^Message too large: at most 1048576 bytes/);
  }
  const announced = client.open('p2p', encoded('gzip'));
  announced.send(Buffer.from('0100200000', 'hex'));
  assert.equal((await endOf(announced)).status, Status.resourceExhausted);
  const { end } = await client.unaryBytes('ping', gzipped(Buffer.alloc(MIB)), encoded('gzip'));
  assert.equal(end.status, Status.resourceExhausted);
  assert.equal((await client.ping(1)).timestamp, 1);
});

test('another compression: UNIMPLEMENTED with the accepted encodings', { skip }, async () => {
  const client = await connect();
  const { end, headers } = await client.unaryBytes('ping', prefix(deflateSync(PING), 1), encoded('deflate'));
  assert.equal(end.status, Status.unimplemented);
  assert.match(end.message, /deflate/);
  assert.equal(headers['grpc-accept-encoding'], 'identity,gzip');
  const stream = client.open('p2p', encoded('br'));
  stream.send(prefix(PING, 1));
  assert.equal((await endOf(stream)).status, Status.unimplemented);
});

test('an encoding that no message uses: ignored', { skip }, async () => {
  const client = await connect();
  for (const encoding of ['deflate', 'gzip', 'identity']) {
    assert.equal((await client.unaryBytes('ping', prefix(PING), encoded(encoding))).end.status, Status.ok, encoding);
  }
});

test('the flag without an encoding, or invalid gzip: INTERNAL', { skip }, async () => {
  const client = await connect();
  const rows: readonly (readonly [bytes: Buffer, extra: Record<string, string>])[] = [
    [prefix(gzipSync(PING), 1), {}],
    [prefix(gzipSync(PING), 1), encoded('identity')],
    [prefix(PING, 1), encoded('gzip')],
    [prefix(gzipSync(PING).subarray(0, 10), 1), encoded('gzip')],
    [prefix(Buffer.alloc(0), 1), encoded('gzip')],
  ];
  for (const [bytes, extra] of rows) {
    const { end } = await client.unaryBytes('ping', bytes, extra);
    assert.equal(end.status, Status.internal);
    assert.ok(end.message.length > 10);
  }
});

test('a truncated compressed request: INVALID_ARGUMENT', { skip }, async () => {
  const client = await connect();
  for (const bytes of [gzipped(PING).subarray(0, 12), gzipped(PING).subarray(0, 3)]) {
    assert.equal((await client.unaryBytes('ping', bytes, encoded('gzip'))).end.status, Status.invalidArgument);
  }
});

test('a call cancelled during decompression: releases its memory', { skip }, async () => {
  const client = await connect();
  for (let n = 0; n < 20; n++) {
    const stream = client.open('p2p', encoded('gzip'));
    stream.send(Buffer.concat([gzipped(Buffer.alloc(900_000)), gzipped(Buffer.alloc(900_000)).subarray(0, 400)]));
    stream.reset();
  }
  await router.process.until('all of it to be given back', (status) => status.queues.bytes === 0);
});

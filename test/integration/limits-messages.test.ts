import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, encodeCbor } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { frameTogether, prefix } from '../support/framing.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { useRouter } from '../support/using-router.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const LIMIT = 16 * 1024;
const RESOURCE_EXHAUSTED = 8;
const router = useRouter(['--max-message-bytes', '16KiB']);

/** A unicast body of exactly `bytes`. */
function bodyOf(bytes: number, targetId: string): Buffer {
  const build = (length: number) => encodeCbor({ type: 'unicast', targetId, payload: { x: Buffer.alloc(length) } });
  return build(bytes - (build(1000).length - 1000));
}

for (const framing of [1, 2] as const) {
  test(`framed ${framing}x: a message of exactly the limit passes`, async () => {
    using receiver = await router.join();
    using sender = await router.join({}, { framing });
    const body = bodyOf(LIMIT, receiver.id);
    assert.equal(body.length, LIMIT);
    sender.p2p.send(body);
    assert.equal((await receiver.next()).message.type, 'unicast');
  });

  test(`framed ${framing}x: one byte more ends only that stream, with RESOURCE_EXHAUSTED`, async () => {
    using receiver = await router.join();
    using sender = await router.join({}, { framing });
    const events = sender.events();
    const second = await sender.register();
    const secondStream = await sender.bind(second);
    const firstStream = sender.openP2p();
    firstStream.send({ type: 'heartbeat', senderId: await sender.register() });
    await firstStream.next();
    firstStream.send(bodyOf(LIMIT + 6, receiver.id));
    assert.equal((await firstStream.whenEnded).status, RESOURCE_EXHAUSTED);
    secondStream.send({ type: 'unicast', targetId: receiver.id, payload: { still: true } });
    assert.deepEqual((await receiver.next()).message.payload, { still: true });
    assert.equal(events.stream.ended, false);
    assert.ok(((await router.process.status()).messages.dropped.tooLarge ?? 0) > 0);
  });
}

const skip = IS_GRPC_JS && 'grpc-js refuses a message over its own limit by itself';

test('an oversized message: refused by its announced length', { skip }, async () => {
  using client = await router.join();
  client.p2p.sendBytes(Buffer.from('00ffffffff', 'hex'));
  assert.match(
    String((await client.p2p.ofType('error')).message.errorMessage),
    /^Message too large: at most \d+ bytes$/,
  );
  assert.equal((await client.p2p.whenEnded).status, RESOURCE_EXHAUSTED);
  assert.equal((await client.ping(1)).timestamp, 1);
});

test('an oversized unary request: RESOURCE_EXHAUSTED', async () => {
  using client = await router.connect();
  const { end } = await client.unary('register', { clientName: 'x', filler: Buffer.alloc(LIMIT) });
  assert.equal(end.status, RESOURCE_EXHAUSTED);
  await client.register();
});

test('a large outer message with small inner frames: bounded', async () => {
  using receiver = await router.join();
  using sender = await router.join();
  const small = encodeCbor({ type: 'unicast', targetId: receiver.id, payload: {} });
  const many = Array.from({ length: Math.ceil(LIMIT / small.length) + 1 }, () => small);
  sender.p2p.sendBytes(frameTogether(many));
  assert.equal((await sender.p2p.whenEnded).status, RESOURCE_EXHAUSTED);
});

test('the compressed flag: refused on that stream only', { skip: IS_GRPC_JS }, async () => {
  using client = await router.join();
  client.p2p.sendBytes(prefix(encodeCbor({ type: 'heartbeat' }), 1));
  const { status } = await client.p2p.whenEnded;
  assert.ok(status !== null && status !== 0, `status ${status}`);
  const again = await client.bind();
  again.send({ type: 'unicast', targetId: client.id, payload: { n: 1 } });
  assert.equal(asMap((await again.next()).message.payload).n, 1);
});

test('a message that a spliced senderId makes longer than the limit: delivered', async () => {
  using receiver = await router.join();
  using sender = await router.join();
  sender.p2p.send(bodyOf(LIMIT, receiver.id)); // has no senderId yet
  assert.equal((await receiver.next()).message.senderId, sender.id);
});

test('partial messages of many streams: bounded by --max-buffer-bytes', {
  skip: IS_GRPC_JS,
}, async () => {
  await using small = await RouterProcess.start(['--max-buffer-bytes', '2MiB', '--max-message-bytes', '1MiB']);
  using bystander = await DartClient.join(small.port);
  using hostile = await DartClient.connect(small.port);
  const { memory } = await small.status();
  const announced = Buffer.concat([Buffer.from('00000f0000', 'hex'), Buffer.alloc(60_000)]);
  const streams = Array.from({ length: 100 }, () => hostile.open('p2p'));
  for (const stream of streams) stream.send(announced);
  await poll('some streams to be refused', () => streams.filter(({ ended }) => ended).length >= 50);
  for (const stream of streams.filter(({ ended }) => ended)) {
    assert.equal((await stream.whenEnded).status, RESOURCE_EXHAUSTED);
  }
  const grown = (await small.status()).memory.rssBytes - memory.rssBytes;
  assert.ok(grown < 64 * 1024 * 1024, `grew by ${grown} bytes`);
  assert.equal(await bystander.canReach(bystander.id), true);
});

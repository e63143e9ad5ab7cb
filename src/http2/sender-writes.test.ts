import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pingFrame, Setting, settingsFrame, windowUpdate } from '../../test/support/http2-frames.ts';
import { Http2Peer, request, type Served, TRAILERS } from '../../test/support/http2-peer.ts';

const LARGE = 0x7fff0000;
const letters = (letter: string, bytes: number): Buffer => Buffer.alloc(bytes, letter);

/** A client with unlimited windows and `count` unanswered requests. */
function withRequests(count = 1): { peer: Http2Peer; served: readonly Served[] } {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: LARGE });
  peer.send(windowUpdate(0, LARGE), ...Array.from({ length: count }, (_, i) => request(2 * i + 1, '/hold')));
  peer.sent();
  return { peer, served: peer.served };
}

test('Sender: reports a synchronous write at once', () => {
  const { peer, served } = withRequests();
  const [one] = served as readonly [Served];
  one.write(letters('a', 5));
  assert.deepEqual(peer.sent(), ['DATA 1 5']);
  assert.equal(one.writesCompleted, 1);
});

test('Sender: reports an asynchronous write when it completes', () => {
  const { peer, served } = withRequests();
  const [one] = served as readonly [Served];
  peer.reads = false;
  one.write(letters('a', 5));
  assert.deepEqual([peer.sent(), one.writesCompleted], [['DATA 1 5'], 0]);
  peer.completeWrite();
  assert.equal(one.writesCompleted, 1);
});

test('Sender: a handler may write in onWriteComplete without recursion', () => {
  const { peer, served } = withRequests();
  const [one] = served as readonly [Served];
  one.whenWriteComplete = () => {
    if (one.writesCompleted < 20_000) one.write(letters('a', 1));
    else one.stream.end(TRAILERS);
  };
  one.write(letters('a', 1));
  assert.equal(one.closes, 1);
  assert.deepEqual(peer.sent().at(-1), 'HEADERS 1 END_STREAM grpc-status=0');
  assert.equal(one.writesCompleted, 20_000);
});

test('Sender: frames queued during a write are joined into the next one', () => {
  const { peer, served } = withRequests(3);
  peer.reads = false;
  const [one, two, three] = served as readonly [Served, Served, Served];
  const before = peer.writes.length;
  one.write(letters('a', 1));
  two.write(letters('b', 2));
  three.write(letters('c', 3));
  peer.connection.ping();
  assert.deepEqual(peer.sent(), ['DATA 1 1']);
  peer.completeWrite();
  assert.equal(peer.writes.length, before + 2);
  assert.deepEqual(peer.sent(), ['DATA 3 2', 'DATA 5 3', `PING ${Buffer.from('keepaliv').toString('hex')}`]);
  assert.deepEqual(
    served.map(({ writesCompleted }) => writesCompleted),
    [1, 0, 0],
  );
  peer.completeWrite();
  assert.deepEqual(
    served.map(({ writesCompleted }) => writesCompleted),
    [1, 1, 1],
  );
});

test('Sender: the answers to one chunk are one write', () => {
  const { peer } = withRequests();
  const before = peer.writes.length;
  peer.send(pingFrame(Buffer.alloc(8)), settingsFrame({}), request(3, '/early', 1), pingFrame(Buffer.alloc(8)));
  assert.equal(peer.writes.length, before + 1);
  assert.equal(peer.sent().length, 4);
});

test('Sender: several buffers of a write form one frame', () => {
  const { peer, served } = withRequests();
  served[0]?.stream.write(Buffer.from('ab'), [Buffer.from('c'), Buffer.from('def')], 6);
  const [frame] = peer.frames();
  assert.equal(frame?.payload.toString(), 'abcdef');
});

test('Sender: sends the right payload for repeated and different buffers and stream ids', () => {
  const peers = [withRequests(2), withRequests(2)];
  const same = letters('a', 3);
  for (const { served } of peers) for (const one of served) one.write(same);
  for (const { served } of peers) for (const one of served) one.stream.write(same, [Buffer.from('b')], 4);
  for (const { served } of peers) for (const one of served) one.write(Buffer.from('ccc'));
  for (const { peer } of peers) {
    const seen = peer.frames().map(({ streamId, payload }) => `${streamId} ${payload}`);
    assert.deepEqual(seen, ['1 aaa', '3 aaa', '1 aaab', '3 aaab', '1 ccc', '3 ccc']);
  }
});

test('Sender: large payloads are not copied, small ones are joined', () => {
  const { peer, served } = withRequests();
  const large = [letters('a', 12_000), letters('b', 12_000)] as const;
  served[0]?.stream.write(large[0], [large[1]], 24_000);
  assert.deepEqual(
    peer.chunks.map(({ length }) => length),
    [9, 12_000, 4384, 9, 7616],
  );
  assert.ok(large.every(({ buffer }) => peer.chunks.some((piece) => piece.buffer === buffer)));
  served[0]?.stream.write(letters('c', 8000), [letters('d', 8000)], 16_000);
  served[0]?.stream.write(letters('e', 500), Array(39).fill(letters('f', 500)), 20_000);
  assert.equal(peer.chunks.length, 5, 'others are copied to one buffer');
  const content = peer.frames().map(({ payload }) => String(payload));
  assert.equal(content.join('').replace(/(.)\1+/g, '$1'), 'abcdef');
});

test('Sender: delayed large payloads do not retain the buffers they were sliced from', () => {
  const { peer, served } = withRequests(2);
  peer.reads = false;
  peer.connection.ping();
  const large = [letters('a', 12_000), letters('b', 12_000)] as const;
  served[0]?.stream.write(large[0], [large[1]], 24_000);
  while (peer.completeWrite());
  assert.equal(
    peer.chunks.some(({ buffer }) => buffer === large[0].buffer || buffer === large[1].buffer),
    false,
  );
  assert.deepEqual(peer.sent().slice(1), ['DATA 1 16384', 'DATA 1 7616']);
});

test('Sender: reports a write before the end that follows it', () => {
  const { peer, served } = withRequests();
  const [one] = served as readonly [Served];
  peer.reads = false;
  one.write(letters('a', 5));
  one.stream.end(TRAILERS);
  peer.completeWrite();
  assert.deepEqual([one.writesCompleted, one.closes], [1, 0]);
  peer.completeWrite();
  assert.equal(one.closes, 1);
  assert.deepEqual(peer.sent(), ['DATA 1 5', 'HEADERS 1 END_STREAM grpc-status=0']);
});

test('Sender: sends a large backlog in writes of about 256 KiB', () => {
  const { peer, served } = withRequests(40);
  peer.reads = false;
  for (const one of served) one.write(letters('a', 65_536));
  do assert.ok((peer.writes.at(-1) as Buffer).length <= 256 * 1024 + 17_000);
  while (peer.completeWrite());
  for (const { writesCompleted } of served) assert.equal(writesCompleted, 1);
  assert.equal(
    peer.frames().reduce((sum, { payload }) => sum + payload.length, 0),
    40 * 65_536,
  );
});

test('Sender: streams with endless data are served fairly, though a few would fill every write', () => {
  const { peer, served } = withRequests(8);
  peer.reads = false;
  for (const one of served) {
    one.whenWriteComplete = () => one.write(letters('a', 65_536));
    one.write(letters('a', 65_536));
  }
  for (let i = 0; i < 40; i++) peer.completeWrite();
  const completed = served.map((one) => one.writesCompleted);
  assert.ok(Math.min(...completed) >= 5, `completed ${completed.join(', ')} times`);
});

test('Sender: reports overflow when a client does not read a megabyte of answers', () => {
  const { peer } = withRequests();
  peer.reads = false;
  peer.connection.ping();
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => pingFrame(Buffer.alloc(8))));
  for (let i = 0; i < 61; i++, peer.nowMs += 100) peer.send(pings);
  assert.equal(peer.overflows, 0);
  peer.send(pings);
  assert.ok(peer.overflows > 0, '62,000 answers of 17 bytes');
});

test('Sender: answers 10,000 PINGs a second of a client that reads', () => {
  const { peer } = withRequests();
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => pingFrame(Buffer.alloc(8))));
  for (let i = 0; i < 100; i++, peer.nowMs += 100) peer.send(pings);
  assert.deepEqual([peer.overflows, peer.frames().length], [0, 100_000]);
});

test('Sender: splits a large header block into CONTINUATION frames', () => {
  const { peer, served } = withRequests();
  const text = 'v'.repeat(40_000);
  served[0]?.stream.end(
    Buffer.concat([Buffer.from('000178', 'hex'), Buffer.from([0x7f, 0xc1, 0xb7, 0x02]), Buffer.from(text)]),
  );
  const frames = peer.frames();
  assert.ok(
    frames.every(({ payload }) => payload.length <= 16_384),
    frames.map(({ payload }) => payload.length).join(),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Frame,
  FrameType,
  rstStream,
  Setting,
  settingsFrame,
  windowUpdate,
} from '../../test/support/http2-frames.ts';
import { Http2Peer, request, type Served, TRAILERS } from '../../test/support/http2-peer.ts';

const FIRST_WINDOW = 65_535;
const initialWindow = (bytes: number): Buffer => settingsFrame({ [Setting.initialWindowSize]: bytes });
const letters = (letter: string, bytes: number): Buffer => Buffer.alloc(bytes, letter);

/** A client with an initial window of `windowBytes` and `count` unanswered requests. */
function withRequests(windowBytes: number, count = 1): { peer: Http2Peer; served: readonly Served[] } {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: windowBytes });
  for (let i = 0; i < count; i++) peer.send(request(2 * i + 1, '/hold'));
  for (const { stream } of peer.served) stream.sendHeaders(Buffer.from([0x88]));
  peer.frames();
  return { peer, served: peer.served };
}

/** The DATA payload of a stream. */
function bodyOf(frames: readonly Frame[], streamId: number): Buffer {
  return Buffer.concat(
    frames
      .filter((frame) => frame.type === FrameType.data && frame.streamId === streamId)
      .map(({ payload }) => payload),
  );
}

const dataBytes = (frames: readonly Frame[]): (readonly [number, number])[] =>
  frames.filter(({ type }) => type === FrameType.data).map(({ streamId, payload }) => [streamId, payload.length]);

test('Sender: data beyond the stream window resumes with it, and completes at its end', () => {
  const { peer, served } = withRequests(10);
  const [one] = served as readonly [Served];
  one.write(letters('a', 25));
  assert.deepEqual(peer.sent(), ['DATA 1 10']);
  peer.send(windowUpdate(1, 10));
  assert.deepEqual(peer.sent(), ['DATA 1 10']);
  assert.equal(one.writesCompleted, 0);
  peer.send(windowUpdate(1, 100));
  assert.deepEqual(peer.sent(), ['DATA 1 5']);
  assert.equal(one.writesCompleted, 1);
  one.write(letters('b', 96));
  assert.deepEqual(peer.sent(), ['DATA 1 95']);
});

test('Sender: data beyond the connection window resumes with it', () => {
  const { peer, served } = withRequests(1_000_000);
  const [one] = served as readonly [Served];
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
  one.write(body);
  const first = peer.frames();
  assert.equal(bodyOf(first, 1).length, FIRST_WINDOW);
  peer.send(windowUpdate(1, 500_000));
  assert.deepEqual(peer.frames(), [], 'the stream window alone is not enough');
  peer.send(windowUpdate(0, 1));
  const second = peer.frames();
  assert.deepEqual(dataBytes(second), [[1, 1]]);
  peer.send(windowUpdate(0, 500_000));
  const third = peer.frames();
  assert.ok(Buffer.concat([first, second, third].map((frames) => bodyOf(frames, 1))).equals(body));
  assert.equal(one.writesCompleted, 1);
});

test('Sender: DATA has at most 16,384 bytes, even if the client accepts more', () => {
  const { peer, served } = withRequests(1_000_000);
  peer.send(settingsFrame({ [Setting.maxFrameSize]: 1_000_000 }), windowUpdate(0, 1_000_000));
  peer.frames();
  for (const bytes of [16_383, 16_384, 16_385, 40_000]) {
    served[0]?.write(letters('a', bytes));
    const lengths = dataBytes(peer.frames()).map(([, length]) => length);
    assert.deepEqual(lengths, [...Array(Math.floor(bytes / 16_384)).fill(16_384), bytes % 16_384].filter(Boolean));
  }
});

test('Sender: trailers follow data blocked by the window', () => {
  const { peer, served } = withRequests(10);
  const [one] = served as readonly [Served];
  one.write(letters('a', 15));
  one.stream.end(TRAILERS);
  assert.deepEqual(peer.sent(), ['DATA 1 10']);
  peer.send(windowUpdate(1, 4));
  assert.deepEqual(peer.sent(), ['DATA 1 4']);
  assert.equal(one.closes, 0);
  peer.send(windowUpdate(1, 1));
  assert.deepEqual(peer.sent(), ['DATA 1 1', 'HEADERS 1 END_STREAM grpc-status=0']);
  assert.deepEqual([one.writesCompleted, one.closes], [1, 1]);
});

test('Sender: streams blocked by the connection window are served round-robin', () => {
  const { peer, served } = withRequests(1_000_000, 3);
  for (const one of served) one.write(letters('a', 200_000));
  peer.frames();
  const order: number[] = [];
  for (let i = 0; i < 9; i++) {
    peer.send(windowUpdate(0, 1000));
    order.push(...dataBytes(peer.frames()).map(([streamId]) => streamId));
  }
  assert.deepEqual(order, [1, 3, 5, 1, 3, 5, 1, 3, 5]);
});

test('Sender: a stream with a closed window does not block others', () => {
  const { peer, served } = withRequests(10, 2);
  const [one, other] = served as readonly [Served, Served];
  one.write(letters('a', 100));
  other.write(letters('b', 10));
  assert.deepEqual(peer.sent(), ['DATA 1 10', 'DATA 3 10']);
  assert.deepEqual([one.writesCompleted, other.writesCompleted], [0, 1]);
});

test('Sender: SETTINGS change the windows of open streams, also below zero', () => {
  const { peer, served } = withRequests(100);
  const [one] = served as readonly [Served];
  one.write(letters('a', 200));
  assert.deepEqual(peer.sent(), ['DATA 1 100']);
  peer.send(initialWindow(40), windowUpdate(1, 60));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK'], 'the window is zero: 40 - 100 + 60');
  peer.send(initialWindow(0), windowUpdate(1, 39));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK'], 'and now -1');
  peer.send(initialWindow(11));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK', 'DATA 1 10']);
  peer.send(request(3, '/hold'));
  peer.request(1).write(letters('b', 20));
  assert.deepEqual(peer.sent(), ['DATA 3 11'], 'a new stream starts with the latest setting');
});

test('Sender: sends all data of any size and never exceeds the windows', () => {
  const step = fc.record({
    write: fc.nat(60_000),
    stream: fc.nat(2),
    streamOpens: fc.oneof(fc.nat(20), fc.nat(50_000)),
    connectionOpens: fc.oneof(fc.nat(20), fc.nat(80_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { peer, served } = withRequests(1000, 3);
      const granted = { connection: FIRST_WINDOW, streams: [1000, 1000, 1000] };
      const sent = [0, 0, 0];
      const written = [0, 0, 0];
      const look = (): void => {
        for (const [streamId, bytes] of dataBytes(peer.frames()))
          sent[(streamId - 1) / 2] = (sent[(streamId - 1) / 2] ?? 0) + bytes;
        assert.ok(sent.reduce((sum, bytes) => sum + bytes) <= granted.connection);
        for (const [index, bytes] of sent.entries()) assert.ok(bytes <= (granted.streams[index] ?? 0));
      };
      for (const { write, stream, streamOpens, connectionOpens } of steps) {
        const one = served[stream] as Served;
        const before = one.writesCompleted;
        if (written[stream] === sent[stream] && write > 0) {
          written[stream] = (written[stream] ?? 0) + write;
          one.write(letters('x', write));
          look();
        }
        granted.connection += connectionOpens;
        granted.streams[stream] = (granted.streams[stream] ?? 0) + streamOpens;
        if (connectionOpens > 0) peer.send(windowUpdate(0, connectionOpens));
        if (streamOpens > 0) peer.send(windowUpdate(2 * stream + 1, streamOpens));
        look();
        assert.ok(one.writesCompleted - before <= 1);
      }
      peer.send(windowUpdate(0, 3_000_000), ...[1, 3, 5].map((id) => windowUpdate(id, 3_000_000)));
      granted.connection += 3_000_000;
      granted.streams = granted.streams.map((bytes) => bytes + 3_000_000);
      look();
      assert.deepEqual(sent, written);
    }),
    { numRuns: 50 },
  );
});

test('Sender: a reset by either side discards pending data and trailers', () => {
  for (const byServer of [true, false]) {
    const { peer, served } = withRequests(10, 2);
    const [one, other] = served as readonly [Served, Served];
    one.write(letters('a', 100));
    one.stream.end(TRAILERS);
    peer.frames();
    if (byServer) one.stream.reset(8);
    else peer.send(rstStream(1, 8));
    assert.deepEqual(peer.sent(), byServer ? ['RST_STREAM 1 CANCEL'] : []);
    assert.deepEqual([one.closes, one.writesCompleted], [1, 0]);
    peer.send(windowUpdate(1, 1000), windowUpdate(0, 1000), initialWindow(500));
    assert.deepEqual(peer.sent(), ['SETTINGS ACK']);
    other.write(letters('b', 1));
    assert.deepEqual(peer.sent(), ['DATA 3 1']);
  }
});

test('Sender: a stream reset while blocked by the connection window sends nothing afterwards', () => {
  for (const byServer of [true, false]) {
    const { peer, served } = withRequests(1_000_000, 2);
    for (const one of served) one.write(letters('a', 100_000));
    if (byServer) served[0]?.stream.reset(8);
    else peer.send(rstStream(1, 8));
    peer.sent();
    peer.send(windowUpdate(0, 1000));
    assert.deepEqual(peer.sent(), ['DATA 3 1000']);
  }
});

test('Sender: ignores writes after the end of the stream', () => {
  const { peer, served } = withRequests(100);
  const [one] = served as readonly [Served];
  peer.send(rstStream(1, 8));
  one.stream.sendHeaders(TRAILERS);
  one.write(letters('a', 1));
  one.stream.end(TRAILERS);
  assert.deepEqual(peer.sent(), []);
});

test('Sender: resets a stream once', () => {
  const { peer, served } = withRequests(100, 2);
  served[0]?.stream.reset(8);
  served[0]?.stream.reset(8);
  peer.send(rstStream(3, 8));
  served[1]?.stream.reset(8);
  assert.deepEqual(peer.sent(), ['RST_STREAM 1 CANCEL']);
});

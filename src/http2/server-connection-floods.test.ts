import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHeaders } from '../../test/support/hpack.ts';
import {
  encodeFrame,
  Flag,
  FrameType,
  goawayFrame,
  pingFrame,
  rstStream,
  settingsFrame,
  windowUpdate,
} from '../../test/support/http2-frames.ts';
import {
  continuation,
  data,
  Http2Peer,
  headers,
  padded,
  priority,
  request,
  requestBlock,
} from '../../test/support/http2-peer.ts';

const { endStream: END, endHeaders: WHOLE } = Flag;
const NOTHING = Buffer.alloc(0);
/** Rounds that a client may send at once, and far more than that. */
const ALLOWED = 1000;
const FLOOD = 5000;

const streamId = (n: number): number => 2 * n + 1;
const BAD_REQUEST = encodeHeaders([['x', 'y']]);

/** One round of each flood. Stream 1 is open. */
const FLOODS: readonly (readonly [name: string, round: (n: number) => Buffer])[] = [
  ['empty DATA', () => data(1, NOTHING)],
  ['DATA with padding only', () => data(1, padded(NOTHING, 20), Flag.padded)],
  ['SETTINGS', () => settingsFrame({ 4: 1000 })],
  ['empty SETTINGS', () => settingsFrame({})],
  ['SETTINGS ACK', () => encodeFrame(FrameType.settings, Flag.ack, 0, NOTHING)],
  ['PRIORITY', (n) => priority(streamId(n))],
  ['GOAWAY', () => goawayFrame(0, 0)],
  ['unknown frames', () => encodeFrame(0x77, 0, 0, NOTHING)],
  ['trailers on a reset stream', () => Buffer.concat([windowUpdate(1, 0), headers(1, NOTHING, END | WHOLE)])],
  ['malformed requests', (n) => headers(streamId(n + 1), BAD_REQUEST)],
  ['requests with too many headers', (n) => headers(streamId(n + 1), requestBlock('/'.repeat(16_300)))],
  ['more streams than the limit', (n) => request(streamId(n + 1), '/hold')],
  ['rapid reset', (n) => Buffer.concat([request(streamId(n + 1), '/hold'), rstStream(streamId(n + 1), 8)])],
  [
    'rapid reset of half-closed streams',
    (n) => Buffer.concat([request(streamId(n + 1), '/hold', END), rstStream(streamId(n + 1), 8)]),
  ],
];

/** Causes for the server to reset a stream ("MadeYouReset", CVE-2025-8671), as costly as rapid reset. */
const MADE_RESETS: readonly (readonly [name: string, reset: (id: number) => Buffer])[] = [
  ['WINDOW_UPDATE of zero', (id) => windowUpdate(id, 0)],
  ['a window beyond 2^31', (id) => windowUpdate(id, 0x7fffffff)],
  ['DATA after END_STREAM', (id) => Buffer.concat([data(id, NOTHING, END), data(id, Buffer.from('x'))])],
  ['HEADERS after END_STREAM', (id) => Buffer.concat([data(id, NOTHING, END), headers(id, NOTHING, END | WHOLE)])],
  ['a second request', (id) => request(id)],
];

/** Rounds of `flood` until the connection ends, and the last frame sent to the client. */
function endure(flood: (n: number) => Buffer): { rounds: number; last: string | undefined } {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  let last: string | undefined;
  for (let n = 0; n < FLOOD; n++) {
    peer.send(flood(n));
    last = peer.sent().at(-1) ?? last;
    if (peer.finishes === 0) continue;
    for (const { closes } of peer.served) assert.equal(closes, 1);
    return { rounds: n, last };
  }
  return { rounds: FLOOD, last };
}

for (const [name, round] of FLOODS) {
  test(`FloodGuard: limits ${name}`, () => {
    const { rounds, last } = endure(round);
    assert.match(last ?? '', /^GOAWAY \d+ ENHANCE_YOUR_CALM$/);
    assert.ok(rounds >= ALLOWED / 2 && rounds <= ALLOWED + 600, `${rounds} rounds`);
  });
}

for (const [name, reset] of MADE_RESETS) {
  test(`FloodGuard: limits streams reset for ${name}`, () => {
    const { rounds, last } = endure((n) => Buffer.concat([request(streamId(n + 1), '/hold'), reset(streamId(n + 1))]));
    assert.match(last ?? '', /^GOAWAY \d+ ENHANCE_YOUR_CALM$/);
    assert.ok(rounds >= ALLOWED / 2 && rounds <= ALLOWED + 600, `${rounds} rounds`);
  });
}

test('HeaderBlocks: an endless block is limited to 16 frames and 128 KiB', () => {
  for (const piece of [NOTHING, Buffer.alloc(16_384, 0x82)]) {
    const peer = Http2Peer.connected();
    peer.send(headers(1, requestBlock(), 0));
    for (let frames = 1; frames <= 16; frames++) peer.send(continuation(1, piece, 0));
    assert.deepEqual([peer.sent(), peer.served.length], [['GOAWAY 0 ENHANCE_YOUR_CALM'], 0]);
  }
  const peer = Http2Peer.connected();
  peer.send(headers(1, requestBlock('/early'), 0), ...Array.from({ length: 14 }, () => continuation(1, NOTHING, 0)));
  peer.send(continuation(1, NOTHING));
  assert.equal(peer.served.length, 1);
});

test('SETTINGS: at most 32 entries per frame', () => {
  const payload = Buffer.alloc(6 * 33);
  for (let pos = 0; pos < payload.length; pos += 6) payload[pos + 1] = 99;
  const frame = (bytes: number): Buffer => encodeFrame(FrameType.settings, 0, 0, payload.subarray(0, bytes));
  const peer = Http2Peer.connected();
  peer.send(frame(6 * 32));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK']);
  peer.send(frame(6 * 33));
  assert.deepEqual(peer.sent(), ['GOAWAY 0 ENHANCE_YOUR_CALM']);
});

test('Sender: queues at most a megabyte of answers for a client that does not read', () => {
  const peer = Http2Peer.connected();
  peer.reads = false;
  peer.connection.ping();
  let bytes = 0;
  for (; peer.overflows === 0 && bytes < 10_000_000; bytes += 17) {
    peer.send(pingFrame(Buffer.alloc(8)));
    peer.nowMs += 0.1;
  }
  assert.ok(bytes <= 1024 * 1024 + 100, `${bytes} bytes`);
});

test('StreamTable: unread responses are limited to the number of open streams', () => {
  const peer = Http2Peer.connected();
  peer.reads = false;
  peer.connection.ping();
  for (let n = 0; n < FLOOD && peer.failures.length === 0; n++) peer.send(request(streamId(n), '/early', END));
  assert.deepEqual([peer.served.length, peer.failures], [512, [11]]);
});

test('StreamTable: resets the oldest half-closed streams when it is full', () => {
  const peer = Http2Peer.connected();
  for (let n = 0; n < 2000; n++) peer.send(request(streamId(n), '/early'));
  assert.equal(peer.served.length, 2000);
  for (const { closes } of peer.served) assert.equal(closes, 1);
  const resets = peer.sent().filter((line) => line.startsWith('RST_STREAM'));
  assert.equal(resets.length, 2000 - 512);
  assert.deepEqual([resets[0], resets.at(-1)], ['RST_STREAM 1 NO_ERROR', `RST_STREAM ${streamId(1487)} NO_ERROR`]);
});

test('StreamTable: never resets streams being served to make room', () => {
  const peer = Http2Peer.connected();
  peer.send(...Array.from({ length: 511 }, (_, n) => request(streamId(n), '/hold')));
  for (let n = 511; n < 900; n++) peer.send(request(streamId(n), '/early'));
  assert.ok(peer.served.slice(0, 511).every(({ closes }) => closes === 0));
  assert.equal(peer.served.length, 900);
});

/** Frames that clients send in proportion to the data they receive. */
const CONTROL: readonly (readonly [name: string, frame: Buffer])[] = [
  ['PING', pingFrame(Buffer.alloc(8))],
  ['PING ACK', encodeFrame(FrameType.ping, Flag.ack, 0, Buffer.alloc(8))],
  ['WINDOW_UPDATE on the connection', windowUpdate(0, 1)],
  ['WINDOW_UPDATE on a stream', windowUpdate(1, 1)],
  ['WINDOW_UPDATE on a closed stream', windowUpdate(3, 1)],
  ['RST_STREAM on a closed stream', rstStream(3, 8)],
  ['DATA on a closed stream', data(5, Buffer.from('x'))],
];

/** A peer with an open stream, one reset by itself and one reset by the server. */
function busyPeer(): Http2Peer {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), request(3, '/hold'), rstStream(3, 8), request(5, '/hold'), windowUpdate(5, 0));
  return peer;
}

for (const [name, frame] of CONTROL) {
  test(`FloodGuard: limits ${name} to 20,000 at once`, () => {
    const peer = busyPeer();
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => frame));
    let frames = 0;
    for (; peer.failures.length === 0 && frames < 100_000; frames += 100) peer.send(hundred);
    assert.ok(frames >= 20_000 && frames <= 22_000, `${frames}`);
    assert.match(peer.sent().at(-1) ?? '', /^GOAWAY 5 ENHANCE_YOUR_CALM$/);
  });

  test(`FloodGuard: ${name} is admitted 10,000 times a second`, () => {
    const peer = busyPeer();
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => frame));
    for (let frames = 0; frames < 100_000; frames += 100, peer.nowMs += 10) peer.send(hundred);
    assert.deepEqual(peer.failures, []);
  });
}

test('FloodGuard: admits two WINDOW_UPDATE per small message received', () => {
  const peer = busyPeer();
  const served = peer.request();
  for (let n = 0; n < 50_000; n++) {
    served.write(Buffer.alloc(20));
    peer.send(windowUpdate(0, 20), windowUpdate(1, 20));
  }
  assert.deepEqual(peer.failures, []);
});

test('FloodGuard: admits a client that cancels many of many calls', () => {
  const peer = Http2Peer.connected();
  for (let n = 0; n < 20_000; n++) {
    const id = streamId(n);
    peer.send(n % 5 < 2 ? Buffer.concat([request(id, '/hold'), rstStream(id, 8)]) : request(id, '/early', END));
  }
  assert.deepEqual(peer.failures, []);
});

test('FloodGuard: admits occasional use of every frame', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  for (let n = 1; n < 3000; n++) {
    peer.send(
      settingsFrame({}),
      priority(1),
      data(1, NOTHING),
      request(streamId(n), '/hold'),
      rstStream(streamId(n), 8),
    );
    peer.nowMs += 40;
  }
  assert.equal(peer.failures.length, 0);
});

test('FloodGuard: a clock set back closes no connection', () => {
  const peer = Http2Peer.connected();
  peer.nowMs -= 3_600_000;
  peer.send(settingsFrame({}));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK']);
});

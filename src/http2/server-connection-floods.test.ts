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
/** What a client may do at once without being taken for a flood, and far more than that. */
const ALLOWED = 1000;
const FLOOD = 5000;

const streamId = (n: number): number => 2 * n + 1;
const BAD_REQUEST = encodeHeaders([['x', 'y']]);

/** One round of each flood; all but the last kinds are on a stream that was opened before. */
const FLOODS: readonly (readonly [what: string, round: (n: number) => Buffer])[] = [
  ['empty DATA', () => data(1, NOTHING)],
  ['DATA of padding alone', () => data(1, padded(NOTHING, 20), Flag.padded)],
  ['SETTINGS', () => settingsFrame({ 4: 1000 })],
  ['SETTINGS that are empty', () => settingsFrame({})],
  ['acknowledgements of SETTINGS', () => encodeFrame(FrameType.settings, Flag.ack, 0, NOTHING)],
  ['PRIORITY', (n) => priority(streamId(n))],
  ['GOAWAY', () => goawayFrame(0, 0)],
  ['unknown frames', () => encodeFrame(0x77, 0, 0, NOTHING)],
  [
    'trailers of a stream that was given up',
    () => Buffer.concat([windowUpdate(1, 0), headers(1, NOTHING, END | WHOLE)]),
  ],
  ['requests that are malformed', (n) => headers(streamId(n + 1), BAD_REQUEST)],
  ['requests with too many headers', (n) => headers(streamId(n + 1), requestBlock('/'.repeat(16_300)))],
  ['more streams than are served', (n) => request(streamId(n + 1), '/hold')],
  ['rapid reset', (n) => Buffer.concat([request(streamId(n + 1), '/hold'), rstStream(streamId(n + 1), 8)])],
  [
    'rapid reset of requests that have ended',
    (n) => Buffer.concat([request(streamId(n + 1), '/hold', END), rstStream(streamId(n + 1), 8)]),
  ],
];

/** Streams that the client makes the server reset ("MadeYouReset", CVE-2025-8671): these cost it as much as rapid reset. */
const MADE_RESETS: readonly (readonly [what: string, reset: (id: number) => Buffer])[] = [
  ['a window update of nought', (id) => windowUpdate(id, 0)],
  ['a window beyond 2^31', (id) => windowUpdate(id, 0x7fffffff)],
  ['DATA behind the end', (id) => Buffer.concat([data(id, NOTHING, END), data(id, Buffer.from('x'))])],
  ['HEADERS behind the end', (id) => Buffer.concat([data(id, NOTHING, END), headers(id, NOTHING, END | WHOLE)])],
  ['a second request', (id) => request(id)],
];

/** How many rounds of `flood` a client gets to send, and the last that it is told. */
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

for (const [what, round] of FLOODS) {
  test(`a flood: ${what}`, () => {
    const { rounds, last } = endure(round);
    assert.match(last ?? '', /^GOAWAY \d+ ENHANCE_YOUR_CALM$/);
    assert.ok(rounds >= ALLOWED / 2 && rounds <= ALLOWED + 600, `${rounds} rounds`);
  });
}

for (const [what, reset] of MADE_RESETS) {
  test(`a flood: streams that the server resets, by ${what}`, () => {
    const { rounds, last } = endure((n) => Buffer.concat([request(streamId(n + 1), '/hold'), reset(streamId(n + 1))]));
    assert.match(last ?? '', /^GOAWAY \d+ ENHANCE_YOUR_CALM$/);
    assert.ok(rounds >= ALLOWED / 2 && rounds <= ALLOWED + 600, `${rounds} rounds`);
  });
}

test('a header block that never ends is one of sixteen frames and 128 KiB', () => {
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

test('too many SETTINGS in one frame', () => {
  const payload = Buffer.alloc(6 * 33);
  for (let pos = 0; pos < payload.length; pos += 6) payload[pos + 1] = 99;
  const frame = (bytes: number): Buffer => encodeFrame(FrameType.settings, 0, 0, payload.subarray(0, bytes));
  const peer = Http2Peer.connected();
  peer.send(frame(6 * 32));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK']);
  peer.send(frame(6 * 33));
  assert.deepEqual(peer.sent(), ['GOAWAY 0 ENHANCE_YOUR_CALM']);
});

test('who asks for answers and reads none has a megabyte of them waiting at most', () => {
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

test('requests that are answered and not read are as many as may be open', () => {
  const peer = Http2Peer.connected();
  peer.reads = false;
  peer.connection.ping();
  for (let n = 0; n < FLOOD && peer.failures.length === 0; n++) peer.send(request(streamId(n), '/early', END));
  assert.deepEqual([peer.served.length, peer.failures], [512, [11]]);
});

test('answers to requests that are never ended do not fill the table: the oldest are given up', () => {
  const peer = Http2Peer.connected();
  for (let n = 0; n < 2000; n++) peer.send(request(streamId(n), '/early'));
  assert.equal(peer.served.length, 2000);
  for (const { closes } of peer.served) assert.equal(closes, 1);
  const resets = peer.sent().filter((line) => line.startsWith('RST_STREAM'));
  assert.equal(resets.length, 2000 - 512);
  assert.deepEqual([resets[0], resets.at(-1)], ['RST_STREAM 1 NO_ERROR', `RST_STREAM ${streamId(1487)} NO_ERROR`]);
});

test('requests that are served are not given up for new ones', () => {
  const peer = Http2Peer.connected();
  peer.send(...Array.from({ length: 511 }, (_, n) => request(streamId(n), '/hold')));
  for (let n = 511; n < 900; n++) peer.send(request(streamId(n), '/early'));
  assert.ok(peer.served.slice(0, 511).every(({ closes }) => closes === 0));
  assert.equal(peer.served.length, 900);
});

/** What clients may send often, the more so the more they get. */
const CONTROL: readonly (readonly [what: string, frame: Buffer])[] = [
  ['PING', pingFrame(Buffer.alloc(8))],
  ['PING ACK', encodeFrame(FrameType.ping, Flag.ack, 0, Buffer.alloc(8))],
  ['WINDOW_UPDATE of the connection', windowUpdate(0, 1)],
  ['WINDOW_UPDATE of a stream', windowUpdate(1, 1)],
  ['WINDOW_UPDATE of a closed stream', windowUpdate(3, 1)],
  ['RST_STREAM of a closed stream', rstStream(3, 8)],
  ['DATA of a closed stream', data(5, Buffer.from('x'))],
];

/** A peer with a stream that is open, one that it has reset, and one that the server has. */
function busyPeer(): Http2Peer {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), request(3, '/hold'), rstStream(3, 8), request(5, '/hold'), windowUpdate(5, 0));
  return peer;
}

for (const [what, frame] of CONTROL) {
  test(`a flood of ${what} ends beyond twenty thousand`, () => {
    const peer = busyPeer();
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => frame));
    let frames = 0;
    for (; peer.failures.length === 0 && frames < 100_000; frames += 100) peer.send(hundred);
    assert.ok(frames >= 20_000 && frames <= 22_000, `${frames}`);
    assert.match(peer.sent().at(-1) ?? '', /^GOAWAY 5 ENHANCE_YOUR_CALM$/);
  });

  test(`${what}, ten thousand a second, is served for ever`, () => {
    const peer = busyPeer();
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => frame));
    for (let frames = 0; frames < 100_000; frames += 100, peer.nowMs += 10) peer.send(hundred);
    assert.deepEqual(peer.failures, []);
  });
}

test('a client that updates two windows for each small message it gets is served, however many', () => {
  const peer = busyPeer();
  const served = peer.request();
  for (let n = 0; n < 50_000; n++) {
    served.write(Buffer.alloc(20));
    peer.send(windowUpdate(0, 20), windowUpdate(1, 20));
  }
  assert.deepEqual(peer.failures, []);
});

test('a client that cancels many calls because it makes many is served', () => {
  const peer = Http2Peer.connected();
  for (let n = 0; n < 20_000; n++) {
    const id = streamId(n);
    peer.send(n % 5 < 2 ? Buffer.concat([request(id, '/hold'), rstStream(id, 8)]) : request(id, '/early', END));
  }
  assert.deepEqual(peer.failures, []);
});

test('a client that does all of it now and then is served for ever', () => {
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

test('a clock that is set back ends no connection', () => {
  const peer = Http2Peer.connected();
  peer.nowMs -= 3_600_000;
  peer.send(settingsFrame({}));
  assert.deepEqual(peer.sent(), ['SETTINGS ACK']);
});

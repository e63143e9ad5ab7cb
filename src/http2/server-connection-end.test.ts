import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Flag, pingFrame, rstStream, Setting, settingsFrame, windowUpdate } from '../../test/support/http2-frames.ts';
import { data, Http2Peer, headers, request, TRAILERS } from '../../test/support/http2-peer.ts';

const { endStream: END } = Flag;
const PING = pingFrame(Buffer.alloc(8));
const PONG = 'PING ACK 0000000000000000';

test('sendFinalGoaway: names the last stream and finishes at once without open streams', () => {
  const peer = Http2Peer.connected();
  peer.send(request(5, '/early', END));
  peer.sent();
  peer.connection.sendFinalGoaway();
  assert.deepEqual([peer.sent(), peer.finishes], [['GOAWAY 5 NO_ERROR'], 1]);
  peer.send(request(7), PING);
  assert.deepEqual([peer.sent(), peer.served.length], [[], 1]);
});

test('sendFinalGoaway: serves open streams, refuses new ones and finishes when the last response is written', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1), request(3));
  peer.connection.sendFinalGoaway();
  peer.connection.sendFinalGoaway();
  peer.send(request(5), data(5, Buffer.from('x')), PING, data(1, Buffer.from('x'), END));
  const expected = ['GOAWAY 3 NO_ERROR', 'RST_STREAM 5 REFUSED_STREAM', PONG, 'HEADERS 1 END_STREAM :status=200'];
  assert.deepEqual([peer.sent(), peer.finishes], [expected, 0]);
  peer.reads = false;
  peer.send(data(3, Buffer.from('x'), END));
  assert.deepEqual([peer.sent(), peer.finishes], [['HEADERS 3 END_STREAM :status=200'], 0]);
  peer.completeWrite();
  assert.equal(peer.finishes, 1);
});

test('sendFinalGoaway: does not wait for the client to end an answered stream', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/early'));
  peer.connection.sendFinalGoaway();
  assert.deepEqual([peer.sent(), peer.finishes], [['HEADERS 1 END_STREAM :status=200', 'GOAWAY 1 NO_ERROR'], 1]);
});

test('sendFinalGoaway: finishes when the client resets the last stream', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1));
  peer.connection.sendFinalGoaway();
  peer.send(rstStream(1, 8), PING);
  assert.deepEqual([peer.sent(), peer.finishes], [['GOAWAY 1 NO_ERROR', PONG], 1]);
});

test('sendFinalGoaway: sends RST_STREAM of the last stream before it finishes', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1));
  peer.connection.sendFinalGoaway();
  peer.request().stream.reset(11);
  assert.deepEqual(peer.sent(), ['GOAWAY 1 NO_ERROR', 'RST_STREAM 1 ENHANCE_YOUR_CALM']);
  assert.equal(peer.finishes, 1);
});

test('ServerConnection: finishes once, whatever is called afterwards', () => {
  for (const end of ['gracefulShutdown', 'fail'] as const) {
    const peer = Http2Peer.connected();
    if (end === 'gracefulShutdown') peer.connection.sendFinalGoaway();
    else peer.send(windowUpdate(0, 0));
    assert.equal(peer.finishes, 1);
    peer.connection.ping();
    peer.connection.sendFinalGoaway();
    peer.connection.resetStalled(peer.nowMs, 0);
    peer.send(PING);
    assert.equal(peer.finishes, 1);
  }
});

test('ServerConnection: sends nothing before its preface', () => {
  for (const ask of ['gracefulShutdown', 'ping'] as const) {
    const peer = new Http2Peer();
    peer.connection[ask]();
    assert.ok((peer.sent()[0] ?? 'SETTINGS').startsWith('SETTINGS'), `RFC 9113, 3.4, for ${ask}`);
  }
});

test('ServerConnection: an error closes all streams and sends GOAWAY after the queued frames', () => {
  const peer = Http2Peer.connected();
  peer.reads = false;
  peer.connection.ping();
  peer.send(request(1, '/hold'), request(3, '/hold', END));
  peer.request().write(Buffer.from('abc'));
  peer.send(windowUpdate(0, 0), request(5));
  assert.deepEqual(
    peer.served.map(({ closes }) => closes),
    [1, 1],
  );
  assert.deepEqual([peer.finishes, peer.failures], [0, [1]]);
  peer.completeWrite();
  assert.equal(peer.finishes, 0);
  peer.completeWrite();
  assert.equal(peer.finishes, 1);
  assert.deepEqual(peer.sent().slice(1), ['DATA 1 3', 'GOAWAY 3 PROTOCOL_ERROR']);
});

test('onSocketClosed: calls onClosed of every stream once', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'), request(3, '/hold', END), request(5, '/early'));
  const [one, two] = [peer.request(0), peer.request(1)];
  one.whenClosed = () => {
    two.write(Buffer.from('x'));
    two.stream.end(TRAILERS);
  };
  peer.connection.onSocketClosed();
  peer.connection.onSocketClosed();
  assert.deepEqual(
    peer.served.map(({ closes }) => closes),
    [1, 1, 1],
  );
  assert.equal(peer.connection.hasActiveStreams, false);
  peer.send(request(7), PING);
  assert.equal(peer.served.length, 3);
});

test('onSocketClosed: nothing is written afterwards, even if a write completes', () => {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 10_000_000 });
  peer.send(windowUpdate(0, 10_000_000), request(1, '/hold'));
  peer.reads = false;
  peer.request().write(Buffer.alloc(1_000_000));
  peer.connection.ping();
  const before = peer.writes.length;
  peer.connection.onSocketClosed();
  peer.completeWrite();
  assert.equal(peer.writes.length, before);
});

/** Events of a connection with three streams; `n` selects a stream or a number of bytes. */
const EVENTS: readonly ((peer: Http2Peer, n: number) => void)[] = [
  (peer) => peer.send(request(peer.served.length * 2 + 1, '/hold')),
  (peer) => peer.send(request(peer.served.length * 2 + 1, '/early')),
  (peer) => peer.send(request(peer.served.length * 2 + 1, '/hold', END)),
  (peer, n) => peer.send(data(2 * (n % 3) + 1, Buffer.alloc(n % 5))),
  (peer, n) => peer.send(data(2 * (n % 3) + 1, Buffer.alloc(n % 5), END)),
  (peer, n) => peer.send(headers(2 * (n % 3) + 1, TRAILERS, END | Flag.endHeaders)),
  (peer, n) => peer.send(rstStream(2 * (n % 3) + 1, 8)),
  (peer, n) => peer.send(windowUpdate(2 * (n % 4), n % 7)),
  (peer, n) => peer.send(settingsFrame({ [Setting.initialWindowSize]: n % 30 })),
  (peer, n) => peer.served[n % 3]?.stream.sendHeaders(Buffer.from([0x88])),
  (peer, n) => {
    const served = peer.served[n % 3];
    // one write at a time
    if (served !== undefined && !served.isWriting) served.write(Buffer.alloc(1 + n));
  },
  (peer, n) => peer.served[n % 3]?.stream.end(TRAILERS),
  (peer, n) => {
    const served = peer.served[n % 3];
    if (served?.closes === 0) served.stream.reset(11);
  },
  (peer) => {
    peer.reads = !peer.reads;
  },
  (peer) => peer.completeWrite(),
  (peer) => peer.connection.resetStalled(peer.nowMs++, 0),
];
const RARE_EVENTS: readonly ((peer: Http2Peer) => void)[] = [
  (peer) => peer.send(windowUpdate(0, 0)),
  (peer) => peer.connection.sendFinalGoaway(),
];

test('ServerConnection: calls onClosed of every stream once in any sequence of events', () => {
  const event = fc.oneof(
    { weight: 40, arbitrary: fc.tuple(fc.constantFrom(...EVENTS), fc.nat(60)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...RARE_EVENTS), fc.constant(0)) },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 20 });
      for (const [run, n] of events) run(peer, n);
      peer.connection.onSocketClosed();
      for (const { closes } of peer.served) assert.equal(closes, 1);
      assert.equal(peer.connection.hasActiveStreams, false);
    }),
    { numRuns: 300 },
  );
});

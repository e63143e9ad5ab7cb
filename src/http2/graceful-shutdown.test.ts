import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, Flag, FrameType, pingFrame } from '../../test/support/http2-frames.ts';
import { Http2Peer, request } from '../../test/support/http2-peer.ts';

/** The end of a connection in two stages (RFC 9113, section 6.8). */

const { endStream: END } = Flag;
const LEAVING = Buffer.from('leaving!');
const SOON = [`GOAWAY ${0x7fffffff} NO_ERROR`, `PING ${LEAVING.toString('hex')}`];
const PONG = encodeFrame(FrameType.ping, Flag.ack, 0, LEAVING);
const ANSWER = (streamId: number): string => `HEADERS ${streamId} END_STREAM :status=200`;

test('requests that were on their way are served until the client has answered, and then none', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  peer.connection.gracefulShutdown();
  peer.connection.gracefulShutdown();
  assert.deepEqual(peer.sent(), SOON);
  peer.send(request(3, '/early', END), PONG, request(5, '/early', END));
  assert.deepEqual(peer.sent(), [ANSWER(3), 'GOAWAY 3 NO_ERROR', 'RST_STREAM 5 REFUSED_STREAM']);
  assert.equal(peer.finishes, 0);
  peer.request().answer();
  assert.deepEqual([peer.sent(), peer.finishes], [[ANSWER(1)], 1]);
});

test('with nothing open the connection ends with the answer', () => {
  const peer = Http2Peer.connected();
  peer.connection.gracefulShutdown();
  assert.deepEqual([peer.sent(), peer.finishes], [SOON, 0]);
  peer.send(PONG);
  assert.deepEqual([peer.sent(), peer.finishes], [['GOAWAY 0 NO_ERROR'], 1]);
});

test('an answer to another ping is none, and one that was not asked for does nothing', () => {
  const peer = Http2Peer.connected();
  peer.send(PONG);
  assert.deepEqual(peer.sent(), []);
  peer.connection.ping();
  peer.connection.gracefulShutdown();
  peer.send(encodeFrame(FrameType.ping, Flag.ack, 0, Buffer.from('keepaliv')), pingFrame(LEAVING));
  assert.equal(peer.sent().filter((line) => line.startsWith('GOAWAY')).length, 1);
  assert.equal(peer.finishes, 0);
});

test('who does not answer is left behind, and its late answer does nothing more', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  peer.connection.gracefulShutdown();
  peer.connection.sendFinalGoaway();
  peer.send(PONG);
  peer.connection.sendFinalGoaway();
  assert.deepEqual([peer.sent(), peer.finishes], [[...SOON, 'GOAWAY 1 NO_ERROR'], 0]);
});

test('a connection that has not said anything ends at once', () => {
  const peer = new Http2Peer();
  peer.connection.gracefulShutdown();
  assert.deepEqual([peer.sent(), peer.finishes], [[], 1]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, Flag, FrameType, pingFrame } from '../../test/support/http2-frames.ts';
import { Http2Peer, request } from '../../test/support/http2-peer.ts';

/** Graceful shutdown in two stages (RFC 9113, section 6.8). */

const { endStream: END } = Flag;
const SHUTDOWN_PING = Buffer.from('leaving!');
const NOTICE = [`GOAWAY ${0x7fffffff} NO_ERROR`, `PING ${SHUTDOWN_PING.toString('hex')}`];
const PONG = encodeFrame(FrameType.ping, Flag.ack, 0, SHUTDOWN_PING);
const ANSWER = (streamId: number): string => `HEADERS ${streamId} END_STREAM :status=200`;

test('gracefulShutdown: serves requests until the client answers the PING, then refuses them', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  peer.connection.gracefulShutdown();
  peer.connection.gracefulShutdown();
  assert.deepEqual(peer.sent(), NOTICE);
  peer.send(request(3, '/early', END), PONG, request(5, '/early', END));
  assert.deepEqual(peer.sent(), [ANSWER(3), 'GOAWAY 3 NO_ERROR', 'RST_STREAM 5 REFUSED_STREAM']);
  assert.equal(peer.finishes, 0);
  peer.request().answer();
  assert.deepEqual([peer.sent(), peer.finishes], [[ANSWER(1)], 1]);
});

test('gracefulShutdown: without open streams the connection ends with the PING answer', () => {
  const peer = Http2Peer.connected();
  peer.connection.gracefulShutdown();
  assert.deepEqual([peer.sent(), peer.finishes], [NOTICE, 0]);
  peer.send(PONG);
  assert.deepEqual([peer.sent(), peer.finishes], [['GOAWAY 0 NO_ERROR'], 1]);
});

test('gracefulShutdown: ignores answers to other or unsent PINGs', () => {
  const peer = Http2Peer.connected();
  peer.send(PONG);
  assert.deepEqual(peer.sent(), []);
  peer.connection.ping();
  peer.connection.gracefulShutdown();
  peer.send(encodeFrame(FrameType.ping, Flag.ack, 0, Buffer.from('keepaliv')), pingFrame(SHUTDOWN_PING));
  assert.equal(peer.sent().filter((line) => line.startsWith('GOAWAY')).length, 1);
  assert.equal(peer.finishes, 0);
});

test('sendFinalGoaway: ends the wait for an answer, and a late answer has no effect', () => {
  const peer = Http2Peer.connected();
  peer.send(request(1, '/hold'));
  peer.connection.gracefulShutdown();
  peer.connection.sendFinalGoaway();
  peer.send(PONG);
  peer.connection.sendFinalGoaway();
  assert.deepEqual([peer.sent(), peer.finishes], [[...NOTICE, 'GOAWAY 1 NO_ERROR'], 0]);
});

test('gracefulShutdown: a connection without a preface ends at once', () => {
  const peer = new Http2Peer();
  peer.connection.gracefulShutdown();
  assert.deepEqual([peer.sent(), peer.finishes], [[], 1]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Setting, settingsFrame, windowUpdate } from '../../test/support/http2-frames.ts';
import { Http2Peer, request, TRAILERS } from '../../test/support/http2-peer.ts';

const DEADLINE_MS = 1000;
const STALLED = ['RST_STREAM 1 ENHANCE_YOUR_CALM'];

/** A client that was sent a tenth of a finished response and does not read the rest. */
function stalled(): Http2Peer {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 10 });
  peer.send(request(1, '/hold'));
  peer.request().write(Buffer.alloc(100));
  peer.request().stream.end(TRAILERS);
  assert.deepEqual(peer.sent(), ['DATA 1 10']);
  return peer;
}

/** Advances the clock by `ms`, checks for stalled streams and returns the frames sent. */
function checkAfter(peer: Http2Peer, ms: number): string[] {
  peer.nowMs += ms;
  peer.connection.resetStalled(peer.nowMs, DEADLINE_MS);
  return peer.sent();
}

test('resetStalled: resets a finished stream that the client does not read by the deadline', () => {
  const peer = stalled();
  assert.deepEqual(checkAfter(peer, 0), []);
  assert.deepEqual(checkAfter(peer, DEADLINE_MS), []);
  assert.deepEqual(checkAfter(peer, 1), STALLED);
  assert.equal(peer.request().closes, 1);
  assert.deepEqual(checkAfter(peer, 10_000), []);
});

test('resetStalled: progress restarts the deadline', () => {
  const peer = stalled();
  checkAfter(peer, 0);
  peer.nowMs += DEADLINE_MS;
  peer.send(windowUpdate(1, 1));
  assert.deepEqual(checkAfter(peer, 1), ['DATA 1 1']);
  assert.deepEqual(checkAfter(peer, DEADLINE_MS), []);
  assert.deepEqual(checkAfter(peer, 1), STALLED);
});

test('resetStalled: a stream without trailers has no deadline', () => {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 10 });
  peer.send(request(1, '/hold'));
  peer.request().write(Buffer.alloc(100));
  peer.sent();
  for (let i = 0; i < 5; i++) assert.deepEqual(checkAfter(peer, 10_000), []);
});

test('resetStalled: SETTINGS that admit no data do not restart the deadline', () => {
  const peer = stalled();
  checkAfter(peer, 0);
  for (let i = 0; i < 5; i++) {
    peer.send(settingsFrame({ [Setting.initialWindowSize]: i % 2 }));
    if (checkAfter(peer, DEADLINE_MS / 2).includes(STALLED[0] as string)) return;
  }
  assert.fail('never reset, though no byte was read');
});

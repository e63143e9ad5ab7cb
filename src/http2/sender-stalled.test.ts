import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Setting, settingsFrame, windowUpdate } from '../../test/support/http2-frames.ts';
import { Http2Peer, request, TRAILERS } from '../../test/support/http2-peer.ts';

const DEADLINE_MS = 1000;
const STALLED = ['RST_STREAM 1 ENHANCE_YOUR_CALM'];

/** A client that was sent a tenth of an answer that has ended, and takes no more. */
function stalled(): Http2Peer {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 10 });
  peer.send(request(1, '/hold'));
  peer.request().write(Buffer.alloc(100));
  peer.request().stream.end(TRAILERS);
  assert.deepEqual(peer.sent(), ['DATA 1 10']);
  return peer;
}

/** Lets time pass, and says what was sent when somebody looked for stalled streams then. */
function lookAfter(peer: Http2Peer, ms: number): string[] {
  peer.nowMs += ms;
  peer.connection.resetStalled(peer.nowMs, DEADLINE_MS);
  return peer.sent();
}

test('a stream that has ended and is not taken is reset when its deadline has passed', () => {
  const peer = stalled();
  assert.deepEqual(lookAfter(peer, 0), []);
  assert.deepEqual(lookAfter(peer, DEADLINE_MS), []);
  assert.deepEqual(lookAfter(peer, 1), STALLED);
  assert.equal(peer.request().closes, 1);
  assert.deepEqual(lookAfter(peer, 10_000), []);
});

test('a stream that goes on has its time again', () => {
  const peer = stalled();
  lookAfter(peer, 0);
  peer.nowMs += DEADLINE_MS;
  peer.send(windowUpdate(1, 1));
  assert.deepEqual(lookAfter(peer, 1), ['DATA 1 1']);
  assert.deepEqual(lookAfter(peer, DEADLINE_MS), []);
  assert.deepEqual(lookAfter(peer, 1), STALLED);
});

test('a stream that has not ended may wait as long as it likes', () => {
  const peer = Http2Peer.connected({ [Setting.initialWindowSize]: 10 });
  peer.send(request(1, '/hold'));
  peer.request().write(Buffer.alloc(100));
  peer.sent();
  for (let i = 0; i < 5; i++) assert.deepEqual(lookAfter(peer, 10_000), []);
});

test('SETTINGS that let nothing more through give a stream no more time', () => {
  const peer = stalled();
  lookAfter(peer, 0);
  for (let i = 0; i < 5; i++) {
    peer.send(settingsFrame({ [Setting.initialWindowSize]: i % 2 }));
    if (lookAfter(peer, DEADLINE_MS / 2).includes(STALLED[0] as string)) return;
  }
  assert.fail('never reset, though not a byte was taken');
});

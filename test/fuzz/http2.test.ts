import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameType, PREFACE, pingFrame, settingsFrame, windowUpdate } from '../support/http2-frames.ts';
import { data, headers, requestBlock } from '../support/http2-peer.ts';
import { bodyPart, Http2Observer } from './http2-observer.ts';
import { Http2FuzzTarget } from './http2-target.ts';
import { Random } from './mutate.ts';

/** `npm run fuzz` does the same for a minute, from another seed each time. */
const SEED = 20250614;
const TRIES = 1000;

test(`${TRIES} random connections: nothing throws, every stream ends once, flow control is respected`, () => {
  const target = new Http2FuzzTarget();
  const random = new Random(SEED);
  for (let i = 0; i < TRIES; i++) target.tryOne(random);
});

/** An observer of a client that has opened stream 1 with a window of 10. */
function observer(): Http2Observer {
  const observing = new Http2Observer();
  observing.sent(Buffer.concat([PREFACE, settingsFrame({ 4: 10 }), headers(1, requestBlock())]));
  return observing;
}

const body = (from: number, bytes: number): Buffer => data(1, bodyPart(1, from, bytes));
const STATUS = Buffer.from([0x88]);
const ACK = encodeFrame(FrameType.settings, 1, 0, Buffer.alloc(0));

const WRONG: readonly (readonly [what: string, frames: readonly Buffer[]])[] = [
  ['half a frame', [pingFrame(Buffer.alloc(8)).subarray(1)]],
  ['a frame that is too long', [headers(1, Buffer.alloc(16_385, 0x88))]],
  ['a header block that cannot be read', [headers(1, Buffer.from([0xff]))]],
  ['a stream that was not opened', [headers(3, STATUS)]],
  ['DATA beyond the window', [ACK, body(0, 11)]],
  ['DATA beyond the window, in two frames', [ACK, body(0, 6), body(6, 5)]],
  ['another body', [body(1, 2)]],
  ['an end ahead of the body', [headers(1, STATUS, 5)]],
  ['DATA behind RST_STREAM', [encodeFrame(FrameType.rstStream, 0, 1, Buffer.alloc(4)), body(0, 1)]],
  ['RST_STREAM twice', [0, 1].map(() => encodeFrame(FrameType.rstStream, 0, 1, Buffer.alloc(4)))],
  ['an acknowledgement too many', [ACK, ACK]],
  ['an answer to no PING', [pingFrame(Buffer.alloc(8), true)]],
  ['SETTINGS that are not first', [pingFrame(Buffer.alloc(8)), settingsFrame({})]],
  ['anything behind an error', [encodeFrame(FrameType.goaway, 0, 0, Buffer.alloc(8, 1)), pingFrame(Buffer.alloc(8))]],
  ['PRIORITY', [encodeFrame(FrameType.priority, 0, 1, Buffer.alloc(5))]],
];

test('the observer: detects its violations', () => {
  for (const [what, frames] of WRONG) {
    assert.throws(() => observer().received(Buffer.concat(frames), () => 5), Error, what);
  }
  const fits = observer();
  fits.received(Buffer.concat([settingsFrame({}), ACK, headers(1, STATUS), body(0, 10)]), () => 12);
  fits.sent(windowUpdate(1, 2));
  fits.received(Buffer.concat([body(10, 2), headers(1, STATUS, 5)]), () => 12);
});

test('a window closed by SETTINGS: closed from their acknowledgement on', () => {
  const observing = observer();
  observing.sent(settingsFrame({ 4: 4 }));
  observing.received(Buffer.concat([ACK, body(0, 8), ACK]), () => 12);
  assert.throws(() => observing.received(body(8, 1), () => 12), assert.AssertionError);
});

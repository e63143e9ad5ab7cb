import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHeaders, integer } from '../../test/support/hpack.ts';
import { encodeFrame, Flag, FrameType, pingFrame } from '../../test/support/http2-frames.ts';
import {
  continuation,
  data,
  Http2Peer,
  headers,
  LIMITS,
  request,
  requestBlock,
} from '../../test/support/http2-peer.ts';

/** Limits of header blocks that are too large or do not end. */

const { endStream: END, endHeaders: WHOLE } = Flag;
const FRAME_BYTES = 16_384;
const ANSWER = (streamId: number): string => `HEADERS ${streamId} END_STREAM :status=200`;

/** A block in HEADERS and CONTINUATION frames. */
function framed(streamId: number, block: Buffer, flags = 0): Buffer {
  const frames: Buffer[] = [];
  for (let pos = 0; pos < block.length; pos += FRAME_BYTES) {
    const piece = block.subarray(pos, pos + FRAME_BYTES);
    const last = pos + FRAME_BYTES >= block.length ? WHOLE : 0;
    frames.push(pos === 0 ? headers(streamId, piece, flags | last) : continuation(streamId, piece, last));
  }
  return Buffer.concat(frames);
}

/** A field with incremental indexing (RFC 7541, section 6.2.1). */
function indexed(name: string, value: string): Buffer {
  const text = (part: string): Buffer => Buffer.concat([integer(0, 7, part.length), Buffer.from(part)]);
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

const filler = (bytes: number): Buffer => encodeHeaders([['x-filler', 'v'.repeat(bytes)]]);

test('header limit: headers of 16 to 100 KB are refused without closing the connection', () => {
  for (const bytes of [16_384, 40_000, 100_000]) {
    for (const size of [1_000_000, 1000]) {
      const peer = Http2Peer.connected();
      peer.send(request(1, '/hold'));
      peer.sendCut(size, framed(3, Buffer.concat([requestBlock(), filler(bytes)])), request(5, '/early', END));
      assert.deepEqual(peer.sent(), [ANSWER(3), ANSWER(5)]);
      assert.deepEqual([peer.request(0).closes, peer.request(1).headers.isTooLarge, peer.failures], [0, true, []]);
      assert.equal(peer.heldBytes, 0);
    }
  }
});

test('header limit: fields beyond it enter the dynamic table', () => {
  const peer = Http2Peer.connected();
  peer.send(framed(1, Buffer.concat([requestBlock(), filler(40_000), indexed('grpc-timeout', '7S')])));
  peer.send(headers(3, Buffer.concat([requestBlock('/early'), Buffer.from([0x80 | 62])]), WHOLE | END));
  assert.equal(peer.request(0).headers.timeout, null, 'beyond the limit');
  assert.equal(peer.request(1).headers.timeout, '7S');
});

test('header limit: exceeding it eight times closes the connection', () => {
  const maxBytes = 8 * LIMITS.maxHeaderBytes;
  const small = Array.from({ length: maxBytes / 32 }, () => Buffer.from([0x82]));
  for (const block of [filler(maxBytes + 1), Buffer.concat([requestBlock(), ...small])]) {
    const peer = Http2Peer.connected();
    peer.send(framed(1, block));
    assert.deepEqual([peer.sent(), peer.heldBytes], [['GOAWAY 0 ENHANCE_YOUR_CALM'], 0]);
  }
});

test('header limit: invalid or oversized trailers reset their stream', () => {
  const pseudo = encodeHeaders([[':method', 'GET']]);
  for (const [block, expected] of [
    [filler(100), ANSWER(1)],
    [Buffer.concat([filler(100), pseudo]), 'RST_STREAM 1 PROTOCOL_ERROR'],
    [filler(17_000), 'RST_STREAM 1 ENHANCE_YOUR_CALM'],
    [Buffer.concat([filler(17_000), pseudo]), 'RST_STREAM 1 ENHANCE_YOUR_CALM'],
  ] as const) {
    const peer = Http2Peer.connected();
    peer.send(request(1), data(1, Buffer.from('x')), framed(1, block, END), request(3, '/early', END));
    assert.deepEqual(peer.sent(), [expected, ANSWER(3)]);
  }
});

test('header memory: a partial block reserves its bytes until it or the connection ends', () => {
  const begun = Buffer.concat([requestBlock('/early'), filler(5000)]);
  for (const end of ['block', 'connection', 'error']) {
    const peer = Http2Peer.connected();
    peer.send(Buffer.concat([...Array.from({ length: 100 }, () => pingFrame(Buffer.alloc(8))), headers(1, begun, 0)]));
    assert.ok(peer.heldBytes >= begun.length && peer.heldBytes < 2 * begun.length, `${peer.heldBytes}`);
    if (end === 'block') peer.send(continuation(1, filler(10)));
    else if (end === 'connection') peer.connection.onSocketClosed();
    else peer.send(pingFrame(Buffer.alloc(8)));
    assert.equal(peer.heldBytes, 0, end);
  }
});

test('header memory: a partial frame reserves the bytes received', () => {
  const peer = Http2Peer.connected();
  const frame = headers(1, Buffer.concat([requestBlock('/early'), filler(12_000)]), WHOLE | END);
  peer.send(frame.subarray(0, 10));
  assert.equal(peer.heldBytes, 0, 'small buffers count as part of the connection');
  peer.send(frame.subarray(10, 6000));
  assert.ok(peer.heldBytes >= 6000 && peer.heldBytes < 12_000, `${peer.heldBytes}`);
  peer.send(frame.subarray(6000));
  assert.deepEqual([peer.heldBytes, peer.sent()], [0, [ANSWER(1)]]);
  peer.send(frame.subarray(0, 6000));
  peer.connection.onSocketClosed();
  assert.equal(peer.heldBytes, 0);
});

test('header memory: without budget a block closes its connection, a small one needs none', () => {
  const large = headers(1, Buffer.concat([requestBlock(), filler(5000)]), 0);
  for (const size of [1_000_000, 100]) {
    const peer = Http2Peer.connected();
    peer.maxHeldBytes = 3000;
    peer.sendCut(size, large);
    assert.deepEqual([peer.sent(), peer.heldBytes], [['GOAWAY 0 ENHANCE_YOUR_CALM'], 0]);
  }
  const peer = Http2Peer.connected();
  peer.maxHeldBytes = 0;
  peer.sendCut(1, headers(1, requestBlock('/early'), 0), continuation(1, filler(500)));
  assert.deepEqual(peer.sent(), [ANSWER(1)]);
});

test('receivedSinceCheck: not set by CONTINUATION', () => {
  const peer = Http2Peer.connected();
  peer.send(headers(1, requestBlock(), 0));
  peer.connection.receivedSinceCheck = false;
  peer.send(continuation(1, Buffer.alloc(0), 0));
  assert.equal(peer.connection.receivedSinceCheck, false);
  peer.send(encodeFrame(FrameType.continuation, WHOLE, 1, Buffer.alloc(0)), pingFrame(Buffer.alloc(8)));
  assert.equal(peer.connection.receivedSinceCheck, true);
});

test('header limit: table churn beyond it is counted per field and closes the connection', () => {
  const churn = Buffer.concat([requestBlock(), ...Array.from({ length: 3800 }, () => indexed('', ''))]);
  const peer = Http2Peer.connected();
  let blocks = 0;
  while (peer.failures.length === 0 && blocks < 1000) peer.send(framed(2 * blocks++ + 1, churn));
  assert.ok(blocks > 5 && blocks < 30, `${blocks} blocks`);
  assert.equal(peer.sent().at(-1)?.endsWith('ENHANCE_YOUR_CALM'), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameBody, frameTogether, prefix } from '../../test/support/framing.ts';
import { VECTORS } from '../../test/support/vectors.ts';
import { doubleFrame, frame, frameHead, PREFIX_BYTES, prefixLength, unwrapMessage } from './framing.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** What came out of one gRPC message: bodies as hex with their framing, or the framing of a malformed one. */
function unwrap(message: Buffer): unknown[] {
  const seen: unknown[] = [];
  const bytes = Buffer.concat([prefix(message), hex('ff')]);
  unwrapMessage(bytes, PREFIX_BYTES, bytes.length - 1, {
    onBody: (buffer, start, end, framing, whole) => {
      const body = buffer.subarray(start, end);
      if (whole)
        assert.deepEqual(buffer.subarray(start - 10, end), frameBody(body, 2), 'both prefixes stand before it');
      seen.push([body.toString('hex'), framing, whole]);
    },
    onMalformedBody: (framing) => seen.push(['malformed', framing]),
  });
  return seen;
}

test('recorded messages are framed as recorded, and told apart', () => {
  for (const { name, cbor, framed_once, framed_twice } of VECTORS.messages) {
    assert.equal(frame(hex(cbor), 1).toString('hex'), framed_once, name);
    assert.equal(frame(hex(cbor), 2).toString('hex'), framed_twice, name);
    assert.deepEqual(unwrap(hex(framed_once).subarray(5)), [[cbor, 1, false]], name);
    assert.deepEqual(unwrap(hex(framed_twice).subarray(5)), [[cbor, 2, true]], name);
  }
});

test('a length of each number of bytes is written as it is read', () => {
  for (const bytes of [0, 1, 255, 256, 65535, 65536, 0xffffff, 0x1000000]) {
    const framed = doubleFrame(Buffer.alloc(bytes));
    assert.deepEqual([prefixLength(framed, 0), prefixLength(framed, 5), framed.length], [bytes + 5, bytes, bytes + 10]);
    assert.deepEqual(frameHead(bytes, 2), framed.subarray(0, 10));
    assert.deepEqual(frameHead(bytes, 1), framed.subarray(5, 10));
  }
  assert.equal(prefixLength(frameHead(0xfffffff0, 1), 0), 0xfffffff0, 'beyond int32');
});

const MAP_BYTES = Array.from({ length: 32 }, (_, i) => 0xa0 + i);

test('a body that begins as a map is framed once', () => {
  for (const first of MAP_BYTES) {
    const body = Buffer.from([first, 0, 0]);
    assert.deepEqual(unwrap(body), [[body.toString('hex'), 1, false]]);
  }
});

test('a body that begins as anything else is malformed', () => {
  for (let first = 1; first < 256; first++) {
    if (!MAP_BYTES.includes(first))
      assert.deepEqual(unwrap(Buffer.from([first, 0, 0, 0, 1, 0xa0])), [['malformed', 1]]);
  }
  assert.deepEqual(unwrap(Buffer.alloc(0)), [['malformed', 1]]);
});

test('several inner frames are several bodies', () => {
  const together = (...bodies: string[]): Buffer => frameTogether(bodies.map(hex)).subarray(PREFIX_BYTES);
  assert.deepEqual(unwrap(together('a0', 'a16161f6')), [
    ['a0', 2, false],
    ['a16161f6', 2, false],
  ]);
  assert.deepEqual(unwrap(together('a0')), [['a0', 2, true]]);
  assert.equal(unwrap(together(...Array.from({ length: 500 }, () => 'a0'))).length, 500);
});

test('inner frames that do not fill the outer one deliver nothing at all', () => {
  for (const [name, message] of [
    ['a prefix alone that says more', '0000000001'],
    ['less than a prefix', '000000'],
    ['inner length too short', '0000000001a0a0'],
    ['inner length too long', '0000000003a0a0'],
    ['second frame ends early', '0000000001a00000000002a0'],
    ['second prefix ends early', '0000000001a0000000'],
    ['second frame compressed', '0000000001a00100000001a0'],
    ['inner length beyond int32', '00fffffffba0'],
  ] as const) {
    assert.deepEqual(unwrap(hex(message)), [['malformed', 2]], name);
  }
});

test('an empty inner frame is a body without bytes, for the scanner to refuse', () => {
  assert.deepEqual(unwrap(hex('0000000000')), [['', 2, true]]);
});

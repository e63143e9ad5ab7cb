import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameBody, frameTogether, prefix } from '../../test/support/framing.ts';
import { VECTORS } from '../../test/support/vectors.ts';
import {
  DOUBLE,
  doubleFrame,
  type Framing,
  frame,
  frameHead,
  PREFIX_BYTES,
  prefixLength,
  SINGLE,
  unwrapMessage,
} from './framing.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const nameOf = (framing: Framing): string => (framing === DOUBLE ? 'double' : framing === SINGLE ? 'single' : 'other');

/** The bodies of one gRPC message as hex, with framing and number of prefixes, or the framing of a malformed one. */
function unwrap(message: Buffer): unknown[] {
  const seen: unknown[] = [];
  const bytes = Buffer.concat([prefix(message), hex('ff')]);
  unwrapMessage(bytes, PREFIX_BYTES, bytes.length - 1, {
    onBody: (buffer, start, end, framing, prefixes) => {
      const body = buffer.subarray(start, end);
      assert.ok(prefixes === 1 || prefixes === 2);
      assert.deepEqual(
        buffer.subarray(start - 5 * prefixes, end),
        frameBody(body, prefixes),
        'its prefixes precede it',
      );
      seen.push([body.toString('hex'), nameOf(framing), prefixes]);
    },
    onMalformedBody: (framing) => seen.push(['malformed', nameOf(framing)]),
  });
  return seen;
}

test('framing: matches the recorded frames and detects their framing', () => {
  for (const { name, cbor, framed_once, framed_twice } of VECTORS.messages) {
    assert.equal(frame(hex(cbor), SINGLE).toString('hex'), framed_once, name);
    assert.equal(frame(hex(cbor), DOUBLE).toString('hex'), framed_twice, name);
    assert.deepEqual(unwrap(hex(framed_once).subarray(5)), [[cbor, 'single', 1]], name);
    assert.deepEqual(unwrap(hex(framed_twice).subarray(5)), [[cbor, 'double', 2]], name);
  }
});

test('framing: lengths round-trip in every byte count', () => {
  for (const bytes of [0, 1, 255, 256, 65535, 65536, 0xffffff, 0x1000000]) {
    const framed = doubleFrame(Buffer.alloc(bytes), 0, bytes);
    assert.deepEqual([prefixLength(framed, 0), prefixLength(framed, 5), framed.length], [bytes + 5, bytes, bytes + 10]);
    assert.deepEqual(frameHead(bytes, DOUBLE), framed.subarray(0, 10));
    assert.deepEqual(frameHead(bytes, SINGLE), framed.subarray(5, 10));
  }
  assert.equal(prefixLength(frameHead(0xfffffff0, SINGLE), 0), 0xfffffff0, 'beyond int32');
});

const MAP_BYTES = Array.from({ length: 32 }, (_, i) => 0xa0 + i);

test('framing: a body that starts with a map has a single prefix', () => {
  for (const first of MAP_BYTES) {
    const body = Buffer.from([first, 0, 0]);
    assert.deepEqual(unwrap(body), [[body.toString('hex'), 'single', 1]]);
  }
});

test('framing: any other first byte is malformed', () => {
  for (let first = 1; first < 256; first++) {
    if (!MAP_BYTES.includes(first))
      assert.deepEqual(unwrap(Buffer.from([first, 0, 0, 0, 1, 0xa0])), [['malformed', 'single']]);
  }
  assert.deepEqual(unwrap(Buffer.alloc(0)), [['malformed', 'single']]);
});

test('framing: several inner frames are several bodies', () => {
  const together = (...bodies: string[]): Buffer => frameTogether(bodies.map(hex)).subarray(PREFIX_BYTES);
  assert.deepEqual(unwrap(together('a0', 'a16161f6')), [
    ['a0', 'double', 1],
    ['a16161f6', 'double', 1],
  ]);
  assert.deepEqual(unwrap(together('a0')), [['a0', 'double', 2]]);
  assert.equal(unwrap(together(...Array.from({ length: 500 }, () => 'a0'))).length, 500);
});

test('framing: inner frames that do not fill the outer frame are malformed', () => {
  for (const [name, message] of [
    ['only a prefix that announces more', '0000000001'],
    ['less than a prefix', '000000'],
    ['inner length too short', '0000000001a0a0'],
    ['inner length too long', '0000000003a0a0'],
    ['second frame ends early', '0000000001a00000000002a0'],
    ['second prefix ends early', '0000000001a0000000'],
    ['second frame compressed', '0000000001a00100000001a0'],
    ['inner length beyond int32', '00fffffffba0'],
  ] as const) {
    assert.deepEqual(unwrap(hex(message)), [['malformed', 'double']], name);
  }
});

test('framing: an empty inner frame is an empty body', () => {
  assert.deepEqual(unwrap(hex('0000000000')), [['', 'double', 2]]);
});

test('framing: reuses the received prefixes if they fit', () => {
  const body = hex('a16161f6');
  for (const received of [1, 2] as const) {
    const bytes = Buffer.alloc(body.length + 5 * received); // not from the pool, which copies would share
    frameBody(body, received).copy(bytes);
    for (const [framing, prefixes] of [
      [SINGLE, 1],
      [DOUBLE, 2],
    ] as const) {
      const framed = framing.frame(bytes, bytes.length - body.length, bytes.length, received);
      assert.deepEqual(framed, frameBody(body, prefixes));
      assert.equal(framed.buffer === bytes.buffer, prefixes <= received);
    }
  }
});

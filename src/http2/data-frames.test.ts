import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameParser, FrameType } from '../../test/support/http2-frames.ts';
import { concatBuffers, DataFrameCache, dataFrameBuffers } from './data-frames.ts';

const FRAME_BYTES = 16_384;
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES),
  fc.integer({ min: 1, max: 80_000 }),
);
const lengthLists = fc.array(sizes, { minLength: 1, maxLength: 12 });

/** Buffers of these sizes, each filled with another letter. */
function filled(lengths: readonly number[]): Buffer[] {
  return lengths.map((length, index) => Buffer.alloc(length, 97 + index));
}

test('dataFrameBuffers: payloads of any size become full frames and a shorter last one, without copying', () => {
  fc.assert(
    fc.property(lengthLists, (lengths) => {
      const given = filled(lengths);
      const whole = Buffer.concat(given);
      const buffers = dataFrameBuffers(5, given, whole.length);
      const frames = new FrameParser().push(Buffer.concat(buffers));
      assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).equals(whole));
      assert.ok(frames.every(({ type, flags, streamId }) => type === FrameType.data && flags === 0 && streamId === 5));
      assert.ok(frames.slice(0, -1).every(({ payload }) => payload.length === FRAME_BYTES));
      const memory = new Set(given.map(({ buffer }) => buffer));
      const own = buffers.filter(({ buffer }) => !memory.has(buffer));
      assert.equal(own.length, frames.length, 'only the frame headers are new');
    }),
  );
});

test('DataFrameCache, concatBuffers: one frame and one buffer hold the payloads in order', () => {
  const given = filled([3, 1, 200]) as [Buffer, Buffer, Buffer];
  const [first, ...rest] = given;
  const whole = Buffer.concat(given);
  const [frame] = new FrameParser().push(new DataFrameCache().encode(7, first, rest, whole.length));
  assert.deepEqual([frame?.streamId, frame?.payload.toString()], [7, whole.toString()]);
  assert.ok(concatBuffers(first, rest, whole.length).equals(whole));
  assert.equal(concatBuffers(first, [], first.length), first);
});

test('DataFrameCache: the frame of the same payload on the same stream id is encoded once', () => {
  const cache = new DataFrameCache();
  const payload = Buffer.from('broadcast');
  const frame = cache.encode(3, payload, [], payload.length);
  assert.equal(cache.encode(3, payload, [], payload.length), frame);
  assert.notEqual(cache.encode(5, payload, [], payload.length), frame);
  const other = Buffer.from('broadcast');
  assert.notEqual(cache.encode(5, other, [], other.length), cache.encode(5, payload, [], payload.length));
});

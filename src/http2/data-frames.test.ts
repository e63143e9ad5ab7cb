import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameParser, FrameType } from '../../test/support/http2-frames.ts';
import { concatBuffers, dataFrame, dataFramePieces } from './data-frames.ts';

const FRAME_BYTES = 16_384;
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES),
  fc.integer({ min: 1, max: 80_000 }),
);
const contents = fc.array(sizes, { minLength: 1, maxLength: 12 });

/** Buffers of these sizes, each filled with a letter of its own. */
function filled(lengths: readonly number[]): Buffer[] {
  return lengths.map((length, index) => Buffer.alloc(length, 97 + index));
}

test('contents of any size become full frames and one that is not, without being copied', () => {
  fc.assert(
    fc.property(contents, (lengths) => {
      const given = filled(lengths);
      const whole = Buffer.concat(given);
      const pieces = dataFramePieces(5, given, whole.length);
      const frames = new FrameParser().push(Buffer.concat(pieces));
      assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).equals(whole));
      assert.ok(frames.every(({ type, flags, streamId }) => type === FrameType.data && flags === 0 && streamId === 5));
      assert.ok(frames.slice(0, -1).every(({ payload }) => payload.length === FRAME_BYTES));
      const memory = new Set(given.map(({ buffer }) => buffer));
      const own = pieces.filter(({ buffer }) => !memory.has(buffer));
      assert.equal(own.length, frames.length, 'only the heads are new');
    }),
  );
});

test('one frame and one buffer hold what was given, in its order', () => {
  const given = filled([3, 1, 200]) as [Buffer, Buffer, Buffer];
  const [first, ...rest] = given;
  const whole = Buffer.concat(given);
  const [frame] = new FrameParser().push(dataFrame(7, first, rest, whole.length));
  assert.deepEqual([frame?.streamId, frame?.payload.toString()], [7, whole.toString()]);
  assert.ok(concatBuffers(first, rest, whole.length).equals(whole));
  assert.equal(concatBuffers(first, [], first.length), first);
});

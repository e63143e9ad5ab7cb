import { FRAME_HEAD_BYTES, FrameType, MAX_FRAME_BYTES, writeFrameHead } from './frames.ts';

/** The last frames that were made of one buffer alone. */
let lastContent: Buffer | null = null;
let lastStreamId = 0;
let lastFrames: Buffer = Buffer.alloc(0);

/**
 * The DATA frames of `first` and `rest`, `bytes` in all, one behind the other: each byte is copied once. What many receivers
 * get, one after the other, is made once: in a broadcast their streams mostly have the same number, and so the frames are the
 * same.
 */
export function dataFrames(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (first === lastContent && streamId === lastStreamId && rest.length === 0) return lastFrames;
  const isOne = bytes <= MAX_FRAME_BYTES;
  const frames = isOne ? oneFrame(streamId, first, rest, bytes) : manyFrames(streamId, [first, ...rest], bytes);
  if (rest.length > 0) return frames;
  lastContent = first;
  lastStreamId = streamId;
  lastFrames = frames;
  return frames;
}

/** `first` and `rest`, `bytes` in all, in one buffer. */
export function joined(first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (rest.length === 0) return first;
  const whole = Buffer.allocUnsafe(bytes);
  copyAll(whole, 0, first, rest);
  return whole;
}

function oneFrame(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + bytes);
  writeFrameHead(frame, 0, bytes, FrameType.data, 0, streamId);
  copyAll(frame, FRAME_HEAD_BYTES, first, rest);
  return frame;
}

function copyAll(target: Buffer, start: number, first: Buffer, rest: readonly Buffer[]): void {
  target.set(first, start);
  let at = start + first.length;
  for (const piece of rest) {
    target.set(piece, at);
    at += piece.length;
  }
}

function manyFrames(streamId: number, pieces: readonly Buffer[], bytes: number): Buffer {
  const frames = Buffer.allocUnsafe(bytes + Math.ceil(bytes / MAX_FRAME_BYTES) * FRAME_HEAD_BYTES);
  let at = 0;
  let left = bytes;
  let room = 0;
  for (const piece of pieces) {
    for (let pos = 0; pos < piece.length; ) {
      if (room === 0) {
        room = Math.min(left, MAX_FRAME_BYTES);
        writeFrameHead(frames, at, room, FrameType.data, 0, streamId);
        at += FRAME_HEAD_BYTES;
        left -= room;
      }
      const count = Math.min(room, piece.length - pos);
      piece.copy(frames, at, pos, pos + count);
      at += count;
      pos += count;
      room -= count;
    }
  }
  return frames;
}

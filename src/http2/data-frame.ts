import { FRAME_HEAD_BYTES, FrameType, writeFrameHead } from './frames.ts';

/** The last frame that was made of one buffer alone. */
let lastContent: Buffer | null = null;
let lastStreamId = 0;
let lastFrame: Buffer = Buffer.alloc(0);

/**
 * A DATA frame of `first` and `rest`, `bytes` in all. What many receivers get, one after the other, is made once: in a
 * broadcast their streams mostly have the same number, and so the frame is the same.
 */
export function dataFrame(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (first === lastContent && streamId === lastStreamId && rest.length === 0) return lastFrame;
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + bytes);
  writeFrameHead(frame, 0, bytes, FrameType.data, 0, streamId);
  frame.set(first, FRAME_HEAD_BYTES);
  if (rest.length === 0) {
    lastContent = first;
    lastStreamId = streamId;
    lastFrame = frame;
    return frame;
  }
  copyAll(frame, FRAME_HEAD_BYTES + first.length, rest);
  return frame;
}

/** `first` and `rest`, `bytes` in all, in one buffer. */
export function joined(first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (rest.length === 0) return first;
  const whole = Buffer.allocUnsafe(bytes);
  whole.set(first);
  copyAll(whole, first.length, rest);
  return whole;
}

function copyAll(target: Buffer, start: number, pieces: readonly Buffer[]): void {
  let at = start;
  for (const piece of pieces) {
    target.set(piece, at);
    at += piece.length;
  }
}

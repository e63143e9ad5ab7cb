import { FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES, writeFrameHeader } from './frames.ts';

/** The last frame that was made of one buffer alone. */
let lastContent: Buffer | null = null;
let lastStreamId = 0;
let lastFrame: Buffer = Buffer.alloc(0);

/**
 * A DATA frame of `first` and `rest`, `bytes` in all, which fit one. What many receivers get, one after the other, is made
 * once: in a broadcast their streams mostly have the same number, and so the frame is the same.
 */
export function dataFrame(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (first === lastContent && streamId === lastStreamId && rest.length === 0) return lastFrame;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bytes);
  writeFrameHeader(frame, 0, bytes, FrameType.data, 0, streamId);
  copyAll(frame, FRAME_HEADER_BYTES, first, rest);
  if (rest.length > 0) return frame;
  lastContent = first;
  lastStreamId = streamId;
  lastFrame = frame;
  return frame;
}

/** The DATA frames of `contents`, `bytes` in all, of any length: heads, and between them the contents as they lie. */
export function dataFramePieces(streamId: number, contents: readonly Buffer[], bytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  let left = bytes;
  let room = 0;
  for (const content of contents) {
    for (let pos = 0; pos < content.length; ) {
      if (room === 0) {
        room = Math.min(left, MAX_FRAME_BYTES);
        left -= room;
        const head = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
        writeFrameHeader(head, 0, room, FrameType.data, 0, streamId);
        pieces.push(head);
      }
      const end = Math.min(content.length, pos + room);
      pieces.push(end - pos === content.length ? content : content.subarray(pos, end));
      room -= end - pos;
      pos = end;
    }
  }
  return pieces;
}

/** `first` and `rest`, `bytes` in all, in one buffer. */
export function concatBuffers(first: Buffer, rest: readonly Buffer[], bytes: number): Buffer {
  if (rest.length === 0) return first;
  const whole = Buffer.allocUnsafe(bytes);
  copyAll(whole, 0, first, rest);
  return whole;
}

function copyAll(target: Buffer, start: number, first: Buffer, rest: readonly Buffer[]): void {
  target.set(first, start);
  let at = start + first.length;
  for (const piece of rest) {
    target.set(piece, at);
    at += piece.length;
  }
}

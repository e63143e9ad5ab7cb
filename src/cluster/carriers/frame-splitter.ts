/** Kinds of frames between the processes of one machine. */
export const FRAME = { hello: 1, data: 2, announcement: 3 } as const;

/** One byte of kind, four of length. */
const HEADER_BYTES = 5;
export const MAX_FRAME_BYTES = 1024 * 1024;

/** A frame with the concatenation of `parts`, `bytes` in all. */
export function encodeFrame(kind: number, parts: readonly Buffer[], bytes: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  frame[0] = kind;
  frame.writeUInt32BE(bytes, 1);
  let position = HEADER_BYTES;
  for (const part of parts) position += part.copy(frame, position);
  return frame;
}

/** Splits a byte stream into frames. */
export class FrameSplitter {
  private readonly onFrame: (kind: number, payload: Buffer) => void;
  /** The beginning of a frame that is incomplete. */
  private chunks: Buffer[] = [];
  private heldBytes = 0;
  private neededBytes = HEADER_BYTES;

  constructor(onFrame: (kind: number, payload: Buffer) => void) {
    this.onFrame = onFrame;
  }

  /** Raises `onFrame` for each complete frame; false when the stream is no sequence of frames. */
  add(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes < this.neededBytes) return true;
    const bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.heldBytes);
    let start = 0;
    this.neededBytes = HEADER_BYTES;
    while (bytes.length - start >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(start + 1);
      if (length > MAX_FRAME_BYTES) return false;
      const end = start + HEADER_BYTES + length;
      if (end > bytes.length) {
        this.neededBytes = HEADER_BYTES + length;
        break;
      }
      this.onFrame(bytes[start] as number, bytes.subarray(start + HEADER_BYTES, end));
      start = end;
    }
    this.heldBytes = bytes.length - start;
    this.chunks = this.heldBytes > 0 ? [bytes.subarray(start)] : [];
    return true;
  }
}

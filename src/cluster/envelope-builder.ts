import { frameHeadBytes, HEADER_BYTES, type OutgoingFrame, writeFrameHead } from './envelope.ts';

const SLAB_BYTES = 64 * 1024;
/** Larger bodies are referenced instead of copied. */
const COPIED_BODY_BYTES = 8 * 1024;

/** An envelope to be sent, its header in the first part. */
export interface Envelope {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  readonly frames: number;
  /** With the last fragment of a frame: the whole frame. */
  readonly whole: Buffer | null;
}

/** Collects the frames of one envelope. Small frames are copied into shared slabs, so that no chunk of a socket is kept. */
export class EnvelopeBuilder {
  /** Frames so far. */
  frames = 0;
  /** Bytes so far, with the header. */
  bytes = 0;
  private slab = Buffer.alloc(0);
  /** Used bytes of the slab, and the start of the part that is not closed yet. */
  private used = 0;
  private partStart = 0;
  private parts: Buffer[] = [];
  private whole: Buffer | null = null;

  add(frame: OutgoingFrame): void {
    if (this.frames++ === 0) {
      this.reserve(HEADER_BYTES);
      this.used += HEADER_BYTES;
      this.bytes = HEADER_BYTES;
    }
    const headBytes = frameHeadBytes(frame);
    const bodyBytes = frame.bodyEnd - frame.bodyStart;
    const isCopied = bodyBytes <= COPIED_BODY_BYTES;
    this.reserve(headBytes + (isCopied ? bodyBytes : 0));
    this.used = writeFrameHead(this.slab, this.used, frame);
    if (isCopied) this.used += frame.body.copy(this.slab, this.used, frame.bodyStart, frame.bodyEnd);
    else {
      this.closePart();
      this.parts.push(frame.body.subarray(frame.bodyStart, frame.bodyEnd));
    }
    this.bytes += headBytes + bodyBytes;
  }

  /** Adds the last fragment of the frame `whole`, which is kept in case it is not delivered. */
  addLast(fragment: OutgoingFrame, whole: Buffer): void {
    this.add(fragment);
    this.whole = whole;
  }

  /** The envelope; the builder is empty then. */
  take(): Envelope {
    this.closePart();
    const envelope = { parts: this.parts, bytes: this.bytes, frames: this.frames, whole: this.whole };
    this.parts = [];
    this.whole = null;
    this.bytes = this.frames = 0;
    return envelope;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.slab.length) return;
    this.closePart();
    this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    this.used = this.partStart = 0;
  }

  private closePart(): void {
    if (this.used > this.partStart) this.parts.push(this.slab.subarray(this.partStart, this.used));
    this.partStart = this.used;
  }
}

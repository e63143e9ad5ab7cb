import { ConnectionError, ErrorCode } from './errors.ts';
import { Flag, MAX_FRAME_BYTES } from './frames.ts';
import { type ByteBudget, GrowingBuffer } from './growing-buffer.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { HARD_LIMIT_FACTOR, type Http2Limits } from './limits.ts';
import type { RequestHeaders } from './request-headers.ts';

/** A block may always be split into this many frames, however low its byte limit. */
const MIN_FRAMES_ALLOWED = 16;
const PRIORITY_BYTES = 5;
const EMPTY = Buffer.alloc(0);

/**
 * Reassembles the header blocks of a connection from HEADERS and CONTINUATION frames (RFC 9113, section 6.10). Throws
 * ConnectionError.
 */
export class HeaderBlocks {
  /** True while a block is incomplete: only its CONTINUATION is valid then. */
  isOpen = false;
  /** Stream and END_STREAM flag of the last block. */
  streamId = 0;
  endStream = false;
  private readonly hpack = new HpackDecoder();
  /** Limits of one block; the first one also applies to its decoded fields. */
  private readonly maxBytes: number;
  private readonly maxFrames: number;
  private readonly partial: GrowingBuffer;
  private frames = 0;
  /** The complete block: `bytes[start..end)`. */
  private bytes: Buffer = EMPTY;
  private start = 0;
  private end = 0;

  constructor(budget: ByteBudget, limits: Http2Limits) {
    this.partial = new GrowingBuffer(budget);
    this.maxBytes = HARD_LIMIT_FACTOR * limits.maxHeaderBytes;
    this.maxFrames = Math.max(MIN_FRAMES_ALLOWED, 2 * Math.ceil(this.maxBytes / MAX_FRAME_BYTES));
  }

  /** Reads the payload of a HEADERS frame. */
  begin(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      // an empty frame has no padding length, and is refused below
      to -= start < end ? (bytes[start] as number) : 0;
      from++;
    }
    if ((flags & Flag.priority) !== 0) from += PRIORITY_BYTES;
    if (from > to) throw new ConnectionError(ErrorCode.protocol, 'HEADERS shorter than its padding and priority');
    this.streamId = streamId;
    this.endStream = (flags & Flag.endStream) !== 0;
    this.isOpen = (flags & Flag.endHeaders) === 0;
    this.frames = 1;
    // most blocks fit one frame and are decoded in place
    if (this.isOpen) this.partial.append(bytes, from, to, 0);
    else this.complete(bytes, from, to);
  }

  /** Reads the payload of a CONTINUATION frame. */
  continue(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const { partial, maxBytes } = this;
    if (streamId !== this.streamId) throw new ConnectionError(ErrorCode.protocol, 'CONTINUATION of another stream');
    if (partial.length + end - start > maxBytes || ++this.frames > this.maxFrames) throw tooLong();
    partial.append(bytes, start, end, maxBytes);
    this.isOpen = (flags & Flag.endHeaders) === 0;
    if (!this.isOpen) this.complete(partial.bytes, 0, partial.length);
  }

  /** Decodes the complete block into `headers`. All of it is decoded: later blocks depend on the dynamic table. */
  decode(headers: RequestHeaders): void {
    const { bytes, start, end, maxBytes } = this;
    const isValid = this.hpack.decode(bytes, start, end, (name, value) => {
      headers.add(name, value);
      if (headers.listBytes > maxBytes) throw tooLong();
    });
    if (!isValid) throw new ConnectionError(ErrorCode.compression, 'header block cannot be decoded');
    this.release();
  }

  /** Discards a partial block. */
  release(): void {
    this.complete(EMPTY, 0, 0);
    this.partial.release();
  }

  private complete(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

function tooLong(): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, 'header block too long');
}

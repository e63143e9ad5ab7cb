import { ErrorCode, Flag } from './frames.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import type { RequestHeaders } from './request-headers.ts';

/** The longest header block: more than a client needs, and what is held for it while it comes in pieces. */
const MAX_BLOCK_BYTES = 32 * 1024;
/** The most frames that one may come in. */
const MAX_FRAMES = 16;
const PRIORITY_BYTES = 5;

/** Puts the header blocks of a connection together from HEADERS and CONTINUATION frames (RFC 9113, section 6.10). */
export class HeaderBlocks {
  /** True while a block is not complete: then nothing else may come. */
  isOpen = false;
  /** Of the block that was begun last. */
  streamId = 0;
  endStream = false;
  private readonly hpack = new HpackDecoder();
  private bytes: Buffer = NOTHING;
  private start = 0;
  private end = 0;
  private frames = 0;

  /** Takes the content of a HEADERS frame; false when its padding does not fit. */
  begin(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) to -= from < end ? (bytes[from++] as number) : end;
    if ((flags & Flag.priority) !== 0) from += PRIORITY_BYTES;
    if (from > to) return false;
    this.streamId = streamId;
    this.endStream = (flags & Flag.endStream) !== 0;
    this.isOpen = (flags & Flag.endHeaders) === 0;
    this.frames = 1;
    this.keep(bytes, from, to);
    return true;
  }

  /** Takes the content of a CONTINUATION frame; an error code when it may not stand here. */
  continue(flags: number, streamId: number, bytes: Buffer, start: number, end: number): number | null {
    if (streamId !== this.streamId) return ErrorCode.protocol;
    const length = this.end - this.start + end - start;
    if (length > MAX_BLOCK_BYTES || ++this.frames > MAX_FRAMES) return ErrorCode.enhanceYourCalm;
    const whole = Buffer.concat([this.bytes.subarray(this.start, this.end), bytes.subarray(start, end)], length);
    this.isOpen = (flags & Flag.endHeaders) === 0;
    this.keep(whole, 0, length);
    return null;
  }

  /** Decodes the complete block into `headers`; false when that is not possible. */
  decode(headers: RequestHeaders): boolean {
    const { bytes, start, end } = this;
    this.keep(NOTHING, 0, 0);
    return this.hpack.decode(bytes, start, end, (name, value) => headers.add(name, value));
  }

  private keep(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

const NOTHING = Buffer.alloc(0);

import { ConnectionError } from './connection-error.ts';
import { ErrorCode, Flag } from './frames.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import type { RequestHeaders } from './request-headers.ts';

/** The longest header block: more than a client needs, and what is held for it while it comes in pieces. */
const MAX_BLOCK_BYTES = 32 * 1024;
/** The most frames that one may come in. */
const MAX_FRAMES = 16;
const PRIORITY_BYTES = 5;
const NOTHING = Buffer.alloc(0);

/**
 * Puts the header blocks of a connection together from HEADERS and CONTINUATION frames (RFC 9113, section 6.10). Throws
 * ConnectionError where they do not fit.
 */
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

  /** Takes the content of a HEADERS frame. */
  begin(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      // an empty frame has no room for the length of its padding, and so is refused below
      to -= start < end ? (bytes[start] as number) : 0;
      from++;
    }
    if ((flags & Flag.priority) !== 0) from += PRIORITY_BYTES;
    if (from > to) throw new ConnectionError(ErrorCode.protocol, 'HEADERS shorter than its padding and priority');
    this.streamId = streamId;
    this.endStream = (flags & Flag.endStream) !== 0;
    this.isOpen = (flags & Flag.endHeaders) === 0;
    this.frames = 1;
    this.keep(bytes, from, to);
  }

  /** Takes the content of a CONTINUATION frame. */
  continue(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== this.streamId) throw new ConnectionError(ErrorCode.protocol, 'CONTINUATION of another stream');
    const length = this.end - this.start + end - start;
    if (length > MAX_BLOCK_BYTES || ++this.frames > MAX_FRAMES) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'header block too long');
    }
    const whole = Buffer.concat([this.bytes.subarray(this.start, this.end), bytes.subarray(start, end)], length);
    this.isOpen = (flags & Flag.endHeaders) === 0;
    this.keep(whole, 0, length);
  }

  /** Decodes the complete block into `headers`. */
  decode(headers: RequestHeaders): void {
    const { bytes, start, end } = this;
    this.keep(NOTHING, 0, 0);
    const isValid = this.hpack.decode(bytes, start, end, (name, value) => headers.add(name, value));
    if (!isValid) throw new ConnectionError(ErrorCode.compression, 'header block cannot be decoded');
  }

  private keep(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

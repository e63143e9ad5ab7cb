/** Receives the frames of a FrameReader. */
export interface FrameSink {
  /** A whole binary message, unmasked: `bytes[start..end)`. A slice of it may be kept. */
  onMessage(bytes: Buffer, start: number, end: number): void;
  /** Bytes for `ws`: everything except complete binary messages. */
  onOther(bytes: Buffer): void;
}

const FIN = 0x80;
const CONTROL = 0x08;
const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const LENGTH_16 = 126;
const MASK_BYTES = 4;

/**
 * Fast path for complete, masked binary messages within one chunk, which are nearly all bytes of a WebSocket. `ws` reads all
 * others: fragments, control frames, texts, large messages and protocol violations. It receives them up to the end of a frame,
 * so that both readers stay in sync.
 */
export class FrameReader {
  private readonly sink: FrameSink;
  /** Bytes of the current frame still to be passed to `ws`. */
  private missingBytes = 0;
  /** `ws` has received the beginning of a fragmented message but not its last fragment. */
  private inFragments = false;
  /** An incomplete header. */
  private partialHeader: Buffer | null = null;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  push(chunk: Buffer): void {
    const { partialHeader } = this;
    const bytes = partialHeader === null ? chunk : Buffer.concat([partialHeader, chunk]);
    this.partialHeader = null;
    let words: Uint32Array | null = null;
    let pos = this.passMissing(bytes, 0);
    while (pos < bytes.length) {
      const start = payloadStart(bytes, pos);
      if (start < 0) {
        this.partialHeader = Buffer.from(bytes.subarray(pos));
        return;
      }
      const end = start + payloadLength(bytes, pos);
      if (
        !this.inFragments &&
        bytes[pos] === FINAL_BINARY &&
        ((bytes[pos + 1] as number) & MASKED) !== 0 &&
        end <= bytes.length
      ) {
        words ??= wordsOf(bytes);
        unmask(bytes, words, start, end);
        this.sink.onMessage(bytes, start, end);
        pos = end;
      } else {
        this.recordFragment(bytes[pos] as number);
        this.missingBytes = end - pos;
        pos = this.passMissing(bytes, pos);
      }
    }
  }

  /** True at the end of a message: nothing of the next one has been received. */
  get isBetweenMessages(): boolean {
    return this.missingBytes === 0 && !this.inFragments && this.partialHeader === null;
  }

  /** Passes the rest of the current frame to `ws`, from `pos` on; returns its end. */
  private passMissing(bytes: Buffer, pos: number): number {
    if (this.missingBytes === 0) return pos;
    const end = Math.min(bytes.length, pos + this.missingBytes);
    this.missingBytes -= end - pos;
    this.sink.onOther(pos === 0 && end === bytes.length ? bytes : bytes.subarray(pos, end));
    return end;
  }

  private recordFragment(first: number): void {
    if ((first & CONTROL) === 0) this.inFragments = (first & FIN) === 0;
  }
}

/** Start of the payload of the frame at `pos`, or -1 if its header is not complete. */
function payloadStart(bytes: Buffer, pos: number): number {
  if (pos + 2 > bytes.length) return -1;
  const second = bytes[pos + 1] as number;
  const length7 = second & ~MASKED;
  const lengthBytes = length7 < LENGTH_16 ? 0 : length7 === LENGTH_16 ? 2 : 8;
  const start = pos + 2 + lengthBytes + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
  return start <= bytes.length ? start : -1;
}

/** Length of the payload of the frame at `pos`, whose header is complete. */
function payloadLength(bytes: Buffer, pos: number): number {
  const length7 = (bytes[pos + 1] as number) & ~MASKED;
  if (length7 < LENGTH_16) return length7;
  if (length7 === LENGTH_16) return bytes.readUInt16BE(pos + 2);
  return bytes.readUInt32BE(pos + 2) * 0x1_0000_0000 + bytes.readUInt32BE(pos + 6);
}

/** The aligned words of the memory that `bytes` lies in. */
function wordsOf(bytes: Buffer): Uint32Array {
  const { buffer } = bytes;
  return new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
}

/** Removes the mask that precedes `bytes[start..end)`, four bytes at a time (RFC 6455, section 5.3). */
function unmask(bytes: Buffer, words: Uint32Array, start: number, end: number): void {
  const mask = start - MASK_BYTES;
  const offset = bytes.byteOffset;
  let pos = start;
  for (; pos < end && ((offset + pos) & 3) !== 0; pos++)
    (bytes[pos] as number) ^= bytes[mask + ((pos - start) & 3)] as number;
  if (end - pos >= 4) {
    const shift = (pos - start) & 3;
    for (let i = 0; i < 4; i++) MASK_VALUE[i] = bytes[mask + ((shift + i) & 3)] as number;
    const value = MASK_WORD[0] as number;
    const last = (offset + end) >>> 2;
    for (let word = (offset + pos) >>> 2; word < last; word++) (words[word] as number) ^= value;
    pos = end - ((offset + end) & 3);
  }
  for (; pos < end; pos++) (bytes[pos] as number) ^= bytes[mask + ((pos - start) & 3)] as number;
}

const MASK_WORD = new Uint32Array(1);
/** A word view of the same memory, in the byte order of the machine. */
const MASK_VALUE = new Uint8Array(MASK_WORD.buffer);

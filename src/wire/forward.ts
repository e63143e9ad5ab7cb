import { encodeHead } from './encode.ts';
import { type Framing, frame, PREFIX_BYTES, writePrefixes } from './framing.ts';
import type { MessageScanner } from './scan-message.ts';

const SENDER_KEY = Buffer.from('\x68senderId', 'latin1');

/**
 * A message on its way to others, in the framings that its receivers speak. Each framing is made at most once, and not at
 * all when the bytes that came in will do. One instance is reused for every message.
 */
export class ForwardedMessage {
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;
  private end = 0;
  private framedTwice = false;
  private once: Buffer | null = null;
  private twice: Buffer | null = null;

  /** CBOR bytes of the message, without framing. */
  get bodyBytes(): number {
    return this.end - this.start;
  }

  /** Forwards the body `bytes[start..end)` as it came. `framedTwice`: both prefixes stand before it. */
  take(bytes: Buffer, start: number, end: number, framedTwice: boolean): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.framedTwice = framedTwice;
    this.once = this.twice = null;
  }

  /** Forwards the scanned body with `senderItem`, a CBOR text, as its senderId, whether or not it had one. */
  takeWithSender(bytes: Buffer, start: number, end: number, scanned: MessageScanner, senderItem: Buffer): void {
    const framed =
      scanned.senderItemStart >= 0
        ? replaceSender(bytes, start, end, scanned, senderItem)
        : insertSender(bytes, start, end, scanned, senderItem);
    this.take(framed, 2 * PREFIX_BYTES, framed.length, true);
  }

  /** The message framed as `framing` says, ready for the wire. */
  framed(framing: Framing): Buffer {
    if (framing === 2) {
      if (this.twice === null) this.twice = this.makeTwice();
      return this.twice;
    }
    // whatever framing it came in, its own prefix stands right before the body
    if (this.once === null) this.once = slice(this.bytes, this.start - PREFIX_BYTES, this.end);
    return this.once;
  }

  /** Lets go of the bytes, which may be slices of a large read. */
  clear(): void {
    this.once = this.twice = null;
  }

  private makeTwice(): Buffer {
    if (this.framedTwice) return slice(this.bytes, this.start - 2 * PREFIX_BYTES, this.end);
    return frame(this.bytes.subarray(this.start, this.end), 2);
  }
}

/** `bytes[start..end)`, without a new object when that is all of it: most chunks are one message. */
function slice(bytes: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

function replaceSender(bytes: Buffer, start: number, end: number, scanned: MessageScanner, item: Buffer): Buffer {
  const before = scanned.senderItemStart - start;
  const after = end - scanned.senderItemEnd;
  const framed = framedBuffer(before + item.length + after);
  let at = 2 * PREFIX_BYTES;
  at += bytes.copy(framed, at, start, scanned.senderItemStart);
  at += item.copy(framed, at);
  bytes.copy(framed, at, scanned.senderItemEnd, end);
  return framed;
}

function insertSender(bytes: Buffer, start: number, end: number, scanned: MessageScanner, item: Buffer): Buffer {
  const head = scanned.indefinite ? bytes.subarray(start, scanned.entriesStart) : encodeHead(5, scanned.entryCount + 1);
  const framed = framedBuffer(head.length + SENDER_KEY.length + item.length + end - scanned.entriesStart);
  let at = 2 * PREFIX_BYTES;
  at += head.copy(framed, at);
  at += SENDER_KEY.copy(framed, at);
  at += item.copy(framed, at);
  bytes.copy(framed, at, scanned.entriesStart, end);
  return framed;
}

function framedBuffer(bodyBytes: number): Buffer {
  const framed = Buffer.allocUnsafe(2 * PREFIX_BYTES + bodyBytes);
  writePrefixes(framed, bodyBytes);
  return framed;
}

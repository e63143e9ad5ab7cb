import { MAJOR_MAP } from './cbor.ts';
import { encodeHead } from './encode.ts';
import { DOUBLE, type Framing, PREFIX_BYTES, SINGLE, writePrefixes } from './framing.ts';
import type { MessageScanner } from './scan-message.ts';

const SENDER_KEY = Buffer.from('\x68senderId', 'latin1');

/**
 * A message to be delivered, framed for each kind of receiver at most once, and without a copy when the received bytes can
 * be sent as they are. One instance is reused for every message.
 */
export class ForwardedMessage {
  /** The body is `bytes[start..end)`. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  private prefixes = 0;
  private single: Buffer | null = null;
  private double: Buffer | null = null;
  /** The last other framing, such as that of a WebSocket stream. */
  private otherFraming: Framing | null = null;
  private other: Buffer | null = null;
  /** Framed bytes by framing, from the second other framing on: most messages have one receiver, and a Map is dear. */
  private others: Map<Framing, Buffer> | null = null;

  /** CBOR bytes of the message, without framing. */
  get bodyBytes(): number {
    return this.end - this.start;
  }

  /** Forwards the body `bytes[start..end)` unchanged; for `prefixes` see Framing. */
  take(bytes: Buffer, start: number, end: number, prefixes: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.prefixes = prefixes;
    this.clear();
  }

  /** Forwards the scanned body with `senderItem`, a CBOR text, as its senderId, in place of the one that it may have. */
  takeWithSender(bytes: Buffer, start: number, end: number, scanned: MessageScanner, senderItem: Buffer): void {
    const framed =
      scanned.senderItemStart >= 0
        ? replaceSender(bytes, start, end, scanned, senderItem)
        : insertSender(bytes, start, end, scanned, senderItem);
    this.take(framed, 2 * PREFIX_BYTES, framed.length, 2);
  }

  /** The message in the framing of its receivers. */
  framed(framing: Framing): Buffer {
    if (framing === DOUBLE) {
      if (this.double === null) this.double = this.frame(framing);
      return this.double;
    }
    if (framing === SINGLE) {
      if (this.single === null) this.single = this.frame(framing);
      return this.single;
    }
    return this.framedOther(framing);
  }

  /** Releases the framed bytes, which may be slices of a large read. */
  clear(): void {
    this.single = this.double = this.other = this.otherFraming = this.others = null;
  }

  private framedOther(framing: Framing): Buffer {
    if (this.other !== null && this.otherFraming === framing) return this.other;
    let framed = this.others?.get(framing);
    if (framed === undefined) {
      framed = this.frame(framing);
      this.remember(framing, framed);
    }
    this.otherFraming = framing;
    this.other = framed;
    return framed;
  }

  private remember(framing: Framing, framed: Buffer): void {
    if (this.others === null && this.other !== null && this.otherFraming !== null)
      this.others = new Map([[this.otherFraming, this.other]]);
    this.others?.set(framing, framed);
  }

  private frame(framing: Framing): Buffer {
    return framing.frame(this.bytes, this.start, this.end, this.prefixes);
  }
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
  const head = scanned.indefinite
    ? bytes.subarray(start, scanned.entriesStart)
    : encodeHead(MAJOR_MAP, scanned.entryCount + 1);
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

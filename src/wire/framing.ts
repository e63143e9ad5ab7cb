/**
 * gRPC's length prefix: one byte of compressed flag and four of big-endian length. The Dart clients of 2025 prefix every
 * message twice, once for the message and once for the transport; everybody else once.
 */

export const PREFIX_BYTES = 5;

/** How a stream frames its messages: 1 as gRPC does, 2 as the Dart clients of 2025. 0 while no message has told. */
export type Framing = 0 | 1 | 2;

/** The length in the prefix at `pos`. */
export function prefixLength(bytes: Buffer, pos: number): number {
  return bytes.readUInt32BE(pos + 1);
}

/** Writes an uncompressed prefix for `length` bytes at `pos`. */
export function writePrefix(bytes: Buffer, pos: number, length: number): void {
  bytes[pos] = 0;
  bytes[pos + 1] = length >>> 24;
  bytes[pos + 2] = length >>> 16;
  bytes[pos + 3] = length >>> 8;
  bytes[pos + 4] = length;
}

/** `body` framed once or twice, ready for the wire. */
export function frame(body: Buffer, framing: Framing): Buffer {
  const twice = doubleFrame(body);
  return framing === 2 ? twice : twice.subarray(PREFIX_BYTES);
}

/** `body` behind both prefixes; the same buffer from PREFIX_BYTES on is the body framed once. */
export function doubleFrame(body: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(2 * PREFIX_BYTES + body.length);
  writePrefixes(framed, body.length);
  framed.set(body, 2 * PREFIX_BYTES);
  return framed;
}

/** The prefix or prefixes of a body of `bodyBytes` that is sent in pieces behind them. */
export function frameHead(bodyBytes: number, framing: Framing): Buffer {
  const head = Buffer.allocUnsafe(2 * PREFIX_BYTES);
  writePrefixes(head, bodyBytes);
  return framing === 2 ? head : head.subarray(PREFIX_BYTES);
}

/** Writes both prefixes of a body of `bodyBytes` at the start of `framed`. */
export function writePrefixes(framed: Buffer, bodyBytes: number): void {
  writePrefix(framed, 0, bodyBytes + PREFIX_BYTES);
  writePrefix(framed, PREFIX_BYTES, bodyBytes);
}

/** Receives the CBOR bodies that a gRPC message holds. */
export interface BodySink {
  /**
   * One body, `bytes[start..end)`. `whole` says that both prefixes of this very body stand right before it, so that
   * `bytes[start - 10..end)` is the body framed twice. The bytes may be kept, never written to.
   */
  onBody(bytes: Buffer, start: number, end: number, framing: Framing, whole: boolean): void;
  /** A gRPC message that is neither a CBOR map nor made of inner frames. */
  onMalformedBody(framing: Framing): void;
}

/** Tells once from twice framed (PROTOCOL.md, "Framing") and hands the bodies of one gRPC message to `sink`. */
export function unwrapMessage(bytes: Buffer, start: number, end: number, sink: BodySink): void {
  const first = start < end ? (bytes[start] as number) : -1;
  if (first >= 0xa0 && first <= 0xbf) {
    sink.onBody(bytes, start, end, 1, false);
    return;
  }
  if (first !== 0) {
    sink.onMalformedBody(1);
    return;
  }
  if (end - start >= PREFIX_BYTES && prefixLength(bytes, start) === end - start - PREFIX_BYTES) {
    sink.onBody(bytes, start + PREFIX_BYTES, end, 2, true);
    return;
  }
  unwrapSeveral(bytes, start, end, sink);
}

/** Several inner frames must fill the outer message exactly; nothing is delivered of one that they do not fill. */
function unwrapSeveral(bytes: Buffer, start: number, end: number, sink: BodySink): void {
  if (!isTiledByFrames(bytes, start, end)) {
    sink.onMalformedBody(2);
    return;
  }
  for (let pos = start; pos < end; ) {
    const behind = pos + PREFIX_BYTES + prefixLength(bytes, pos);
    sink.onBody(bytes, pos + PREFIX_BYTES, behind, 2, false);
    pos = behind;
  }
}

function isTiledByFrames(bytes: Buffer, start: number, end: number): boolean {
  let pos = start;
  while (pos + PREFIX_BYTES <= end && bytes[pos] === 0) pos += PREFIX_BYTES + prefixLength(bytes, pos);
  return pos === end;
}

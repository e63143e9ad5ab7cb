/**
 * gRPC's length prefix: one byte of compressed flag and four of big-endian length. The Dart clients of 2025 prefix every
 * message twice, once in rpc_dart and once in its transport; other clients once.
 */

export const PREFIX_BYTES = 5;

/**
 * Wire format of the messages to a receiver. Receivers with the same Framing object share the framed bytes of a message.
 */
export interface Framing {
  /**
   * Frames the message `bytes[start..end)`. `prefixes` is the number of gRPC prefixes of this message directly before `start`;
   * they are reused without a copy. The result may be a slice of `bytes`.
   */
  frame(bytes: Buffer, start: number, end: number, prefixes: number): Buffer;
  /** Position of the message's CBOR bytes in `framed`, a result of `frame`; they extend to its end. */
  bodyStart(framed: Buffer): number;
}

/** Framing with one gRPC prefix. */
export const SINGLE: Framing = {
  frame: (bytes, start, end, prefixes) =>
    prefixes > 0 ? slice(bytes, start - PREFIX_BYTES, end) : doubleFrame(bytes, start, end).subarray(PREFIX_BYTES),
  bodyStart: () => PREFIX_BYTES,
};

/** Framing with two gRPC prefixes. */
export const DOUBLE: Framing = {
  frame: (bytes, start, end, prefixes) =>
    prefixes > 1 ? slice(bytes, start - 2 * PREFIX_BYTES, end) : doubleFrame(bytes, start, end),
  bodyStart: () => 2 * PREFIX_BYTES,
};

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

/** Writes both prefixes of a body of `bodyBytes` at the start of `framed`. */
export function writePrefixes(framed: Buffer, bodyBytes: number): void {
  writePrefix(framed, 0, bodyBytes + PREFIX_BYTES);
  writePrefix(framed, PREFIX_BYTES, bodyBytes);
}

/** Frames the whole `body`. */
export function frame(body: Buffer, framing: Framing): Buffer {
  return framing.frame(body, 0, body.length, 0);
}

/** The prefix or prefixes of a gRPC message of `bodyBytes` that is sent in chunks. */
export function frameHead(bodyBytes: number, framing: Framing): Buffer {
  const head = Buffer.allocUnsafe(2 * PREFIX_BYTES);
  writePrefixes(head, bodyBytes);
  return framing === DOUBLE ? head : head.subarray(PREFIX_BYTES);
}

/** A copy of `bytes[start..end)` with both prefixes; without the first PREFIX_BYTES it is framed once. */
export function doubleFrame(bytes: Buffer, start: number, end: number): Buffer {
  const framed = Buffer.allocUnsafe(2 * PREFIX_BYTES + end - start);
  writePrefixes(framed, end - start);
  bytes.copy(framed, 2 * PREFIX_BYTES, start, end);
  return framed;
}

/** `bytes[start..end)`, without a new object for the whole buffer: most chunks are one message. */
function slice(bytes: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** Receives the CBOR bodies that a gRPC message holds. */
export interface BodySink {
  /**
   * One body, `bytes[start..end)`, with the framing of the message and the number of its own prefixes that directly precede
   * it (see Framing). The bytes may be kept, never written to.
   */
  onBody(bytes: Buffer, start: number, end: number, framing: Framing, prefixes: number): void;
  /** A gRPC message that is neither a CBOR map nor consists of inner frames. */
  onMalformedBody(framing: Framing): void;
}

/** Detects single or double framing (PROTOCOL.md, "Framing") and passes the bodies of one gRPC message to `sink`. */
export function unwrapMessage(bytes: Buffer, start: number, end: number, sink: BodySink): void {
  const first = start < end ? (bytes[start] as number) : -1;
  if (first >= 0xa0 && first <= 0xbf) {
    sink.onBody(bytes, start, end, SINGLE, 1);
    return;
  }
  if (first !== 0) {
    sink.onMalformedBody(SINGLE);
    return;
  }
  if (end - start >= PREFIX_BYTES && prefixLength(bytes, start) === end - start - PREFIX_BYTES) {
    sink.onBody(bytes, start + PREFIX_BYTES, end, DOUBLE, 2);
    return;
  }
  unwrapSeveral(bytes, start, end, sink);
}

/** Several inner frames must fill the outer message exactly; otherwise none of them is delivered. */
function unwrapSeveral(bytes: Buffer, start: number, end: number, sink: BodySink): void {
  if (!isTiledByFrames(bytes, start, end)) {
    sink.onMalformedBody(DOUBLE);
    return;
  }
  for (let pos = start; pos < end; ) {
    const bodyEnd = pos + PREFIX_BYTES + prefixLength(bytes, pos);
    sink.onBody(bytes, pos + PREFIX_BYTES, bodyEnd, DOUBLE, 1);
    pos = bodyEnd;
  }
}

function isTiledByFrames(bytes: Buffer, start: number, end: number): boolean {
  let pos = start;
  while (pos + PREFIX_BYTES <= end && bytes[pos] === 0) pos += PREFIX_BYTES + prefixLength(bytes, pos);
  return pos === end;
}

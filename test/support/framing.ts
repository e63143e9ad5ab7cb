/** Length prefixes of both kinds of clients, independent of src/wire. */

/** 1: standard gRPC. 2: the Dart clients of 2025, which prefix twice. */
export type ClientFraming = 1 | 2;

/** `body` behind one gRPC prefix. */
export function prefix(body: Buffer, compressed = 0): Buffer {
  const head = Buffer.alloc(5, compressed);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** `body` in the given framing. */
export function frameBody(body: Buffer, framing: ClientFraming): Buffer {
  return framing === 2 ? prefix(prefix(body)) : prefix(body);
}

/** Several bodies as inner frames of one outer message, as a Dart transport may send them. */
export function frameTogether(bodies: readonly Buffer[]): Buffer {
  return prefix(Buffer.concat(bodies.map((body) => prefix(body))));
}

/**
 * Reads the messages of one stream as strictly as a client with that framing: a reply in the other framing throws.
 */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly framing: ClientFraming;

  constructor(framing: ClientFraming) {
    this.framing = framing;
  }

  /** Bytes of a partial message. */
  get pendingBytes(): number {
    return this.rest.length;
  }

  /** Reads the next bytes; returns the bodies completed by them. */
  push(chunk: Buffer): Buffer[] {
    const split = splitFrames(this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]));
    this.rest = split.rest;
    return this.framing === 1 ? split.bodies : split.bodies.flatMap(unwrapInner);
  }
}

function unwrapInner(outer: Buffer): Buffer[] {
  const inner = splitFrames(outer);
  if (inner.rest.length > 0 || inner.bodies.length === 0) {
    throw new Error(`reply is not framed twice: ${outer.subarray(0, 16).toString('hex')}`);
  }
  return inner.bodies;
}

function splitFrames(bytes: Buffer): { bodies: Buffer[]; rest: Buffer } {
  const bodies: Buffer[] = [];
  let pos = 0;
  while (bytes.length - pos >= 5) {
    if (bytes[pos] !== 0) throw new Error(`compressed flag is ${bytes[pos]}`);
    const end = pos + 5 + bytes.readUInt32BE(pos + 1);
    if (end > bytes.length) break;
    bodies.push(bytes.subarray(pos + 5, end));
    pos = end;
  }
  return { bodies, rest: bytes.subarray(pos) };
}

import { DOUBLE, type Framing, PREFIX_BYTES, writePrefix } from '../wire/index.ts';
import type { Envelope } from './envelope.ts';

/** FIN and the opcode of a binary message (RFC 6455, section 5.2). Servers do not mask. */
const FINAL_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Framings that are shared; beyond it the table starts again, so that stream ids cannot fill the memory. */
const MAX_SHARED = 1024;

/** Bytes of the header of a WebSocket frame with a payload of `payloadBytes`. */
function headerBytes(payloadBytes: number): number {
  if (payloadBytes < LENGTH_16) return 2;
  return payloadBytes <= 0xffff ? 4 : 10;
}

/** Allocates an unmasked binary frame, writes its header and returns the frame; the payload starts at `payloadStart`. */
function allocateFrame(payloadBytes: number): Buffer {
  const start = headerBytes(payloadBytes);
  const bytes = Buffer.allocUnsafe(start + payloadBytes);
  bytes[0] = FINAL_BINARY;
  if (start === 2) bytes[1] = payloadBytes;
  else if (start === 4) {
    bytes[1] = LENGTH_16;
    bytes.writeUInt16BE(payloadBytes, 2);
  } else {
    bytes[1] = LENGTH_64;
    bytes.writeUInt32BE(Math.floor(payloadBytes / 0x1_0000_0000), 2);
    bytes.writeUInt32BE(payloadBytes >>> 0, 6);
  }
  return bytes;
}

/** One WebSocket message that consists of `parts`. */
export function webSocketFrame(parts: readonly Buffer[]): Buffer {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = allocateFrame(payloadBytes);
  let at = bytes.length - payloadBytes;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}

/** Frames each message as a complete WebSocket message: header, envelope, gRPC prefixes and body, with one copy. */
class MessageFraming implements Framing {
  private readonly head: Buffer;
  private readonly prefixCount: number;

  constructor(head: Buffer, prefixCount: number) {
    this.head = head;
    this.prefixCount = prefixCount;
  }

  frame(bytes: Buffer, start: number, end: number): Buffer {
    const { head, prefixCount } = this;
    const payloadBytes = head.length + prefixCount * PREFIX_BYTES + end - start;
    const framed = allocateFrame(payloadBytes);
    let at = framed.length - payloadBytes;
    at += head.copy(framed, at);
    for (let left = prefixCount - 1; left >= 0; left--) {
      writePrefix(framed, at, left * PREFIX_BYTES + end - start);
      at += PREFIX_BYTES;
    }
    bytes.copy(framed, at, start, end);
    return framed;
  }

  bodyStart(framed: Buffer): number {
    const length = framed[1] as number;
    const start = length < LENGTH_16 ? 2 : length === LENGTH_16 ? 4 : 10;
    return start + this.head.length + this.prefixCount * PREFIX_BYTES;
  }
}

const shared = new Map<string, Framing>();

/**
 * The framing of the data messages of one stream. Streams with the same id, path and gRPC framing on connections with the
 * same envelope share one object, and with it the framed bytes of every message that goes to all of them.
 */
export function messageFraming(envelope: Envelope, streamId: number, path: string, grpc: Framing): Framing {
  const prefixCount = grpc === DOUBLE ? 2 : 1;
  const key = `${envelope.name} ${prefixCount} ${streamId} ${path}`;
  let framing = shared.get(key);
  if (framing === undefined) {
    if (shared.size >= MAX_SHARED) shared.clear();
    framing = new MessageFraming(envelope.dataHead(streamId, path), prefixCount);
    shared.set(key, framing);
  }
  return framing;
}

import { PREFIX_BYTES } from '../../wire/index.ts';

/** Splits framed gRPC messages out of chunks that are cut anywhere: grpc-js sends whole messages only. */
export class WholeMessages {
  private chunks: Buffer[] = [];
  private heldBytes = 0;
  /** Bytes required for the next complete message, as far as known. */
  private neededBytes = PREFIX_BYTES;

  /** The messages that `chunk` completes, without their prefix. */
  add(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes < this.neededBytes) return [];
    const bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const messages: Buffer[] = [];
    let pos = 0;
    for (;;) {
      this.neededBytes = messageEnd(bytes, pos) - pos;
      if (bytes.length - pos < this.neededBytes || bytes.length - pos < PREFIX_BYTES) break;
      messages.push(bytes.subarray(pos + PREFIX_BYTES, pos + this.neededBytes));
      pos += this.neededBytes;
    }
    this.chunks = pos < bytes.length ? [bytes.subarray(pos)] : [];
    this.heldBytes = bytes.length - pos;
    return messages;
  }
}

/** End of the message at `pos`; end of its prefix while that is incomplete. */
function messageEnd(bytes: Buffer, pos: number): number {
  const bodyBytes = bytes.length - pos < PREFIX_BYTES ? 0 : bytes.readUInt32BE(pos + 1);
  return pos + PREFIX_BYTES + bodyBytes;
}

const PREFIX_BYTES = 5;

/** Counts the gRPC messages of a stream, split in any way, without storing their bytes. */
export class MessageCounter {
  /** Missing bytes of the current message, and the received part of the next prefix. */
  private missingBytes = 0;
  private prefixBytes = 0;
  private length = 0;

  /** Reads `bytes[start..end)`; returns the number of messages completed by them. */
  push(bytes: Buffer, start: number, end: number): number {
    let messages = 0;
    let pos = start;
    while (pos < end) {
      if (this.prefixBytes < PREFIX_BYTES) {
        if (this.prefixBytes > 0) this.length = this.length * 256 + (bytes[pos] as number);
        pos++;
        if (++this.prefixBytes < PREFIX_BYTES) continue;
        this.missingBytes = this.length;
      }
      const count = Math.min(this.missingBytes, end - pos);
      this.missingBytes -= count;
      pos += count;
      if (this.missingBytes > 0) break;
      messages++;
      this.prefixBytes = this.length = 0;
    }
    return messages;
  }
}

import { PREFIX_BYTES, prefixLength } from './framing.ts';

/** Violations of the framing; each ends its stream only. */
export type FramingFault = 'compressed' | 'tooLarge' | 'truncated' | 'noMemory';

/** Receives gRPC messages: `bytes[start..end)` is the message, directly preceded by its prefix. */
export interface MessageSink {
  onMessage(bytes: Buffer, start: number, end: number): void;
  onFault(fault: FramingFault): void;
  /** Reserves memory for a partial message in a budget over all streams. False refuses it. */
  reserveBytes(bytes: number): boolean;
  /** Releases the memory reserved for a partial message. */
  releaseBytes(bytes: number): void;
}

/** Small, so that one byte on each of many streams costs little memory. */
const FIRST_CAPACITY_BYTES = 64;

/**
 * Splits a byte stream into gRPC messages. A message that lies within one chunk is passed on without a copy. Others are
 * assembled in a buffer that doubles: linear work for any chunk size, and at most twice the bytes received, whatever
 * length was announced.
 */
export class MessageReader {
  maxMessageBytes: number;
  private readonly sink: MessageSink;
  private partial: Buffer | null = null;
  private partialBytes = 0;
  private failed = false;
  /** Chunks received since `pause`; null while not paused. */
  private unread: Buffer[] | null = null;

  constructor(sink: MessageSink, maxMessageBytes: number) {
    this.sink = sink;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Reads `chunk[start..end)`. After a fault the rest of the stream is ignored. */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    let pos = this.partial === null || this.isPaused ? start : this.complete(chunk, start, end);
    while (!this.failed && !this.isPaused && end - pos >= PREFIX_BYTES) {
      const messageEnd = this.checkPrefix(chunk, pos);
      if (messageEnd < 0 || messageEnd > end) break;
      this.sink.onMessage(chunk, pos + PREFIX_BYTES, messageEnd);
      pos = messageEnd;
    }
    if (pos >= end || this.failed) return;
    if (this.isPaused) this.unread?.push(chunk.subarray(pos, end));
    else this.startPartial(chunk, pos, end);
  }

  /** Emits no more messages until `resume`; keeps the chunks that still arrive. */
  pause(): void {
    this.unread ??= [];
  }

  /** Reads the kept chunks; the sink may pause again meanwhile. */
  resume(): void {
    const unread = this.unread ?? [];
    this.unread = null;
    for (const chunk of unread) this.push(chunk);
  }

  get isPaused(): boolean {
    return this.unread !== null;
  }

  /** End of stream: a partial message is a fault. */
  end(): void {
    if (this.partial !== null && !this.failed) this.fail('truncated');
  }

  get hasPartial(): boolean {
    return this.partial !== null;
  }

  /** Drops the partial message and the unread chunks. */
  release(): void {
    if (this.unread !== null) this.unread = [];
    if (this.partial === null) return;
    this.sink.releaseBytes(this.partial.length);
    this.partial = null;
    this.partialBytes = 0;
  }

  /** End of the message whose prefix is at `pos`, or -1 after a fault. */
  private checkPrefix(bytes: Buffer, pos: number): number {
    if (bytes[pos] !== 0) return this.fail('compressed');
    const length = prefixLength(bytes, pos);
    // with double framing the length includes the inner prefix
    if (length > this.maxMessageBytes + PREFIX_BYTES) return this.fail('tooLarge');
    return pos + PREFIX_BYTES + length;
  }

  private fail(fault: FramingFault): number {
    this.failed = true;
    this.release();
    this.sink.onFault(fault);
    return -1;
  }

  /** Completes the partial message from `chunk[start..end)`; returns the end of the bytes used. */
  private complete(chunk: Buffer, start: number, end: number): number {
    let pos = this.append(chunk, start, end, PREFIX_BYTES);
    if (this.failed || this.partialBytes < PREFIX_BYTES) return pos;
    const needed = this.checkPrefix(this.partial as Buffer, 0);
    if (needed < 0) return pos;
    pos = this.append(chunk, pos, end, needed);
    if (this.failed || this.partialBytes < needed) return pos;
    const message = this.partial as Buffer;
    this.release();
    this.sink.onMessage(message, PREFIX_BYTES, needed);
    return pos;
  }

  private startPartial(chunk: Buffer, pos: number, end: number): void {
    const capacity = Math.max(FIRST_CAPACITY_BYTES, end - pos);
    if (!this.sink.reserveBytes(capacity)) {
      this.fail('noMemory');
      return;
    }
    this.partial = Buffer.allocUnsafeSlow(capacity);
    this.partialBytes = chunk.copy(this.partial, 0, pos, end);
  }

  /** Appends from `chunk` until the partial message has `needed` bytes; returns the end of the bytes used. */
  private append(chunk: Buffer, pos: number, end: number, needed: number): number {
    const count = Math.min(needed - this.partialBytes, end - pos);
    if (count <= 0) return pos;
    if (!this.ensureCapacity(this.partialBytes + count, needed)) return pos;
    chunk.copy(this.partial as Buffer, this.partialBytes, pos, pos + count);
    this.partialBytes += count;
    return pos + count;
  }

  private ensureCapacity(bytes: number, needed: number): boolean {
    const old = this.partial as Buffer;
    if (bytes <= old.length) return true;
    const capacity = Math.max(bytes, Math.min(2 * old.length, needed));
    if (!this.sink.reserveBytes(capacity - old.length)) {
      this.fail('noMemory');
      return false;
    }
    const grown = Buffer.allocUnsafeSlow(capacity);
    old.copy(grown, 0, 0, this.partialBytes);
    this.partial = grown;
    return true;
  }
}

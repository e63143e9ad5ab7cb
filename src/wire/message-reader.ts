import { PREFIX_BYTES, prefixLength } from './framing.ts';

/** What a stream can do wrong below the level of messages; each ends that stream only. */
export type FramingFault = 'compressed' | 'tooLarge' | 'truncated' | 'noMemory';

/** Receives gRPC messages: `bytes[start..end)` is the message behind its prefix, which stands right before it. */
export interface MessageSink {
  onMessage(bytes: Buffer, start: number, end: number): void;
  onFault(fault: FramingFault): void;
  /** Bytes of unfinished messages held, as a change: for a budget over all streams. False refuses to hold more. */
  holdBytes(change: number): boolean;
}

/** Little: a byte on each of many streams must not cost much more than a byte. */
const FIRST_CAPACITY_BYTES = 64;

/**
 * Cuts a byte stream into gRPC messages. Messages that arrive whole are handed out as they lie in their chunk, without
 * copying; split ones are put together in a buffer that doubles, so the work is linear however small the pieces are, and
 * the memory is at most twice of what was really received, whatever length was announced.
 */
export class MessageReader {
  maxMessageBytes: number;
  private readonly sink: MessageSink;
  private partial: Buffer | null = null;
  private partialBytes = 0;
  private failed = false;
  /** What has come since `pause`; null while nobody has paused. */
  private unread: Buffer[] | null = null;

  constructor(sink: MessageSink, maxMessageBytes: number) {
    this.sink = sink;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Takes the next bytes of the stream, `chunk[start..end)`. After a fault the rest of the stream is ignored. */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    let pos = this.partial === null || this.isPaused ? start : this.complete(chunk, start, end);
    while (!this.failed && !this.isPaused && end - pos >= PREFIX_BYTES) {
      const behind = this.checkPrefix(chunk, pos);
      if (behind < 0 || behind > end) break;
      this.sink.onMessage(chunk, pos + PREFIX_BYTES, behind);
      pos = behind;
    }
    if (pos >= end || this.failed) return;
    if (this.isPaused) this.unread?.push(chunk.subarray(pos, end));
    else this.hold(chunk, pos, end);
  }

  /** Hands out no more messages until `resume`; what comes meanwhile is kept. */
  pause(): void {
    this.unread ??= [];
  }

  /** Reads on behind `pause`; the sink may pause again at once. */
  resume(): void {
    const unread = this.unread ?? [];
    this.unread = null;
    for (const chunk of unread) this.push(chunk);
  }

  get isPaused(): boolean {
    return this.unread !== null;
  }

  /** The stream has ended: a message that is still unfinished is a fault. */
  end(): void {
    if (this.partial !== null && !this.failed) this.fail('truncated');
  }

  /** True while a message is unfinished. */
  get isHolding(): boolean {
    return this.partial !== null;
  }

  /** Forgets an unfinished message, and what is unread. */
  release(): void {
    if (this.unread !== null) this.unread = [];
    if (this.partial === null) return;
    this.sink.holdBytes(-this.partial.length);
    this.partial = null;
    this.partialBytes = 0;
  }

  /** Position behind the message whose prefix is at `pos`, or -1 after a fault. */
  private checkPrefix(bytes: Buffer, pos: number): number {
    if (bytes[pos] !== 0) return this.fail('compressed');
    const length = prefixLength(bytes, pos);
    // a message framed twice carries the inner prefix in its length
    if (length > this.maxMessageBytes + PREFIX_BYTES) return this.fail('tooLarge');
    return pos + PREFIX_BYTES + length;
  }

  private fail(fault: FramingFault): number {
    this.failed = true;
    this.release();
    this.sink.onFault(fault);
    return -1;
  }

  /** Fills up the unfinished message from `chunk[start..end)`; returns where its part ends. */
  private complete(chunk: Buffer, start: number, end: number): number {
    let pos = this.append(chunk, start, end, PREFIX_BYTES);
    if (this.failed || this.partialBytes < PREFIX_BYTES) return pos;
    const needed = this.checkPrefix(this.partial as Buffer, 0);
    if (needed < 0) return pos;
    pos = this.append(chunk, pos, end, needed);
    if (this.failed || this.partialBytes < needed) return pos;
    const whole = this.partial as Buffer;
    this.release();
    this.sink.onMessage(whole, PREFIX_BYTES, needed);
    return pos;
  }

  private hold(chunk: Buffer, pos: number, end: number): void {
    const capacity = Math.max(FIRST_CAPACITY_BYTES, end - pos);
    if (!this.sink.holdBytes(capacity)) {
      this.fail('noMemory');
      return;
    }
    this.partial = Buffer.allocUnsafeSlow(capacity);
    this.partialBytes = chunk.copy(this.partial, 0, pos, end);
  }

  /** Appends from `chunk` until the unfinished message has `needed` bytes; returns where it stopped. */
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
    if (!this.sink.holdBytes(capacity - old.length)) {
      this.fail('noMemory');
      return false;
    }
    const grown = Buffer.allocUnsafeSlow(capacity);
    old.copy(grown, 0, 0, this.partialBytes);
    this.partial = grown;
    return true;
  }
}

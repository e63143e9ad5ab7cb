import { concatBuffers, type DataFrameCache } from './data-frames.ts';
import { DEFAULT_WINDOW_BYTES, Flag, headerFrames, MAX_WINDOW_BYTES, rstStreamFrame } from './frames.ts';
import { TABLE_SIZE_ZERO } from './hpack-encode.ts';
import type { SendStream } from './send-stream.ts';
import { PendingCompletions } from './send-stream.ts';
import type { ConnectionWriter } from './write-buffer.ts';
import { WriteBuffer } from './write-buffer.ts';

export interface StreamOwner {
  /** The server's end of the stream is written. The owner calls `onClosed` of the handler. */
  streamFinished(stream: SendStream): void;
  /** The stream is reset; RST_STREAM is queued. */
  streamReset(stream: SendStream): void;
}

/** Payload of one write to the socket; beyond it, streams are blocked until the write completes. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Frames that may be queued for a peer that does not read, such as answers to PING and SETTINGS. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * The sending side of one connection. Joins the frames of an event-loop tick into one write, and splits data into frames
 * within the peer's flow-control windows (RFC 9113, section 5.2).
 */
export class Sender {
  private readonly owner: StreamOwner;
  private readonly writer: ConnectionWriter;
  /** The connection's window, and the total that the peer has granted for it. */
  private windowBytes = DEFAULT_WINDOW_BYTES;
  private grantedBytes = DEFAULT_WINDOW_BYTES;
  private readonly buffer: WriteBuffer;
  /** Streams to notify when the buffered frames, or the write in flight, are written. */
  private readonly queued = new PendingCompletions();
  private readonly inFlight = new PendingCompletions();
  /** Streams whose data is blocked by the connection's window or by the write in flight; created on demand. */
  private blockedStreams: Set<SendStream> | null = null;
  private tableSizeUpdate: 'none' | 'pending' | 'sent' = 'none';
  private corked = false;
  private writing = false;
  /** True while streams are notified of a completed write: their new frames are sent at once. */
  private notifying = false;
  private flushing = false;
  /** Nothing more is queued; and, once everything is written, the writer is finished. */
  private finishing = false;
  private finished = false;

  constructor(owner: StreamOwner, writer: ConnectionWriter, dataFrames: DataFrameCache) {
    this.owner = owner;
    this.writer = writer;
    this.buffer = new WriteBuffer(dataFrames);
  }

  /** True when nothing is buffered and no write is in flight. */
  get isIdle(): boolean {
    return !this.writing && this.buffer.bytes === 0;
  }

  /** Payload of all DATA frames sent so far. */
  get sentBytes(): number {
    return this.grantedBytes - this.windowBytes;
  }

  /** Buffers frames until `uncork`. */
  cork(): void {
    this.corked = true;
  }

  uncork(): void {
    this.corked = false;
    this.flush();
  }

  /** Queues a frame without flow control. */
  sendFrame(frame: Buffer): void {
    this.queue(frame);
    this.flush();
  }

  /** Finishes the writer once everything queued is written. */
  finish(): void {
    this.finishing = true;
    this.flush();
  }

  /** Discards everything queued; nothing can be sent afterwards. */
  stop(): void {
    this.finishing = this.finished = true;
    this.buffer.clear();
  }

  sendHeaders(stream: SendStream, block: Buffer): void {
    this.queueBlock(stream, 0, block);
    this.flush();
  }

  sendData(stream: SendStream, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    stream.writeInFlight = true;
    const fits = bytes <= this.windowBytes && bytes <= stream.sendWindow;
    if (fits && this.buffer.bytes + bytes <= MAX_WRITE_BYTES) {
      this.windowBytes -= bytes;
      stream.sendWindow -= bytes;
      this.queueData(stream.id, first, rest, bytes);
      this.queued.add(stream);
    } else {
      stream.pendingData = concatBuffers(first, rest, bytes);
      stream.pendingPos = 0;
      this.queuePending(stream, stream.pendingData);
    }
    this.flush();
  }

  sendTrailers(stream: SendStream, block: Buffer): void {
    if (stream.pendingData !== null) {
      stream.trailers = block;
      return;
    }
    this.queueTrailers(stream, block);
    this.flush();
  }

  reset(stream: SendStream, code: number): void {
    this.discard(stream);
    // before the owner's reaction, which may end the connection
    this.queue(rstStreamFrame(stream.id, code));
    this.owner.streamReset(stream);
    this.flush();
  }

  /** Discards the pending data of a stream. */
  discard(stream: SendStream): void {
    stream.localOpen = false;
    stream.pendingData = stream.trailers = null;
    this.blockedStreams?.delete(stream);
  }

  endWritten(stream: SendStream): void {
    this.owner.streamFinished(stream);
  }

  /** WINDOW_UPDATE for the connection; false when the window exceeds its maximum. */
  increaseWindow(bytes: number): boolean {
    this.windowBytes += bytes;
    this.grantedBytes += bytes;
    if (this.windowBytes > MAX_WINDOW_BYTES) return false;
    this.resumeBlocked();
    this.flush();
    return true;
  }

  /** WINDOW_UPDATE for a stream, or a change of the initial window, which may be negative. */
  changeStreamWindow(stream: SendStream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.pendingData === null) return;
    this.queuePending(stream, stream.pendingData);
    this.flush();
  }

  /** The peer has reduced its header table, which the next header block must acknowledge (RFC 7541, section 4.2). */
  announceTableSizeZero(): void {
    if (this.tableSizeUpdate === 'none') this.tableSizeUpdate = 'pending';
  }

  /** The writer has completed the last write. */
  onWriteComplete(): void {
    this.notifying = true;
    // blocked streams resume before completed ones are notified, for fairness
    if (this.blockedStreams !== null) this.resumeBlocked();
    this.inFlight.notify();
    this.notifying = false;
    // only now: frames written by the notified streams form the next write
    this.writing = false;
    this.flush();
  }

  private queueData(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.finishing) return;
    this.buffer.addData(streamId, first, rest, bytes, this.corked || (this.writing && !this.notifying));
  }

  private queueBlock(stream: SendStream, flags: number, block: Buffer): void {
    const payload = this.tableSizeUpdate === 'pending' ? Buffer.concat([TABLE_SIZE_ZERO, block]) : block;
    if (this.tableSizeUpdate === 'pending') this.tableSizeUpdate = 'sent';
    this.queue(headerFrames(stream.id, flags, payload));
  }

  private queue(frame: Buffer): void {
    if (!this.finishing) this.buffer.add(frame);
  }

  private flush(): void {
    // a write may complete at once and cause another one: a loop instead of recursion
    if (this.buffer.bytes > MAX_QUEUED_BYTES && this.writing) this.writer.overflow();
    if (this.corked || this.writing || this.flushing) return;
    this.flushing = true;
    while (!this.writing && this.buffer.bytes > 0) {
      this.inFlight.moveFrom(this.queued);
      this.writing = true;
      this.buffer.writeTo(this.writer);
    }
    this.flushing = false;
    if (!this.finishing || this.finished || !this.isIdle) return;
    this.finished = true;
    this.writer.finish();
  }

  /** Queues as much of `data` as the windows admit. */
  private queuePending(stream: SendStream, data: Buffer): void {
    while (stream.pendingPos < data.length) {
      if (this.windowBytes <= 0 || this.buffer.bytes >= MAX_WRITE_BYTES) {
        this.blockedStreams ??= new Set();
        this.blockedStreams.add(stream);
        return;
      }
      const left = data.length - stream.pendingPos;
      const room = MAX_WRITE_BYTES - this.buffer.bytes;
      const bytes = Math.min(left, room, this.windowBytes, stream.sendWindow);
      if (bytes <= 0) return; // resumed by WINDOW_UPDATE for this stream
      this.windowBytes -= bytes;
      stream.sendWindow -= bytes;
      this.queueData(stream.id, data.subarray(stream.pendingPos, stream.pendingPos + bytes), NO_BUFFERS, bytes);
      stream.pendingPos += bytes;
      stream.stalledSinceMs = 0;
    }
    stream.pendingData = null;
    this.queued.add(stream);
    if (stream.trailers !== null) this.queueTrailers(stream, stream.trailers);
  }

  private queueTrailers(stream: SendStream, block: Buffer): void {
    stream.trailers = null;
    this.queueBlock(stream, Flag.endStream, block);
    this.queued.add(stream);
  }

  /** Resumes the blocked streams in order. */
  private resumeBlocked(): void {
    const { blockedStreams } = this;
    if (blockedStreams === null) return;
    for (const stream of [...blockedStreams]) {
      if (this.windowBytes <= 0 || this.buffer.bytes >= MAX_WRITE_BYTES) return;
      blockedStreams.delete(stream);
      if (stream.pendingData !== null) this.queuePending(stream, stream.pendingData);
    }
    if (blockedStreams.size === 0) this.blockedStreams = null;
  }
}

const NO_BUFFERS: readonly Buffer[] = [];

import type { ConnectionWriter } from './connection-writer.ts';
import { concatBuffers } from './data-frames.ts';
import { DEFAULT_WINDOW_BYTES, Flag, headerFrames, MAX_WINDOW_BYTES, rstStreamFrame } from './frames.ts';
import { TABLE_SIZE_ZERO } from './hpack-encode.ts';
import { PendingCompletions } from './pending-completions.ts';
import type { SendStream } from './send-stream.ts';
import { WriteBuffer } from './write-buffer.ts';

export interface StreamOwner {
  /** The stream is over for the server; `onClosed` of its handler is the owner's to call. */
  streamFinished(stream: SendStream): void;
  /** The stream is to be given up, and its peer was told. */
  streamReset(stream: SendStream): void;
}

/** Content of one write to the socket, beyond which bodies wait for it to be taken. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Answers to PING, SETTINGS and the like that may wait for a peer who does not read them. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * What one connection sends: frames of an event-loop turn become one write, bodies are cut to frames and to the peer's
 * flow-control windows (RFC 9113, section 5.2).
 */
export class Sender {
  /** Streams that were reset or have ended are told here. */
  private readonly owner: StreamOwner;
  private readonly writer: ConnectionWriter;
  /** The connection's window, and all that the peer has granted for it so far. */
  private windowBytes = DEFAULT_WINDOW_BYTES;
  private grantedBytes = DEFAULT_WINDOW_BYTES;
  private readonly buffer = new WriteBuffer();
  /** Streams to be told when what waits, or what is with the outlet, has been taken. */
  private readonly queued = new PendingCompletions();
  private readonly inFlight = new PendingCompletions();
  /** Streams whose body waits for the connection's window or for the outlet; made when first needed. */
  private blockedStreams: Set<SendStream> | null = null;
  private tableSizeUpdate: 'unused' | 'announce' | 'announced' = 'unused';
  private corked = false;
  private writing = false;
  /** Those who waited for the outlet have their turn: what they write follows at once. */
  private notifying = false;
  private flushing = false;
  /** No more is queued; and, once all is said, the outlet was told. */
  private finishing = false;
  private finished = false;

  constructor(owner: StreamOwner, outlet: ConnectionWriter) {
    this.owner = owner;
    this.writer = outlet;
  }

  /** True when nothing waits and nothing is with the outlet. */
  get isIdle(): boolean {
    return !this.writing && this.buffer.bytes === 0;
  }

  /** Content of all DATA frames so far. */
  get sentBytes(): number {
    return this.grantedBytes - this.windowBytes;
  }

  /** Lets frames gather until `uncork`. */
  cork(): void {
    this.corked = true;
  }

  uncork(): void {
    this.corked = false;
    this.flush();
  }

  /** Queues a frame that flow control does not hold. */
  sendFrame(frame: Buffer): void {
    this.queue(frame);
    this.flush();
  }

  /** Writes what waits, then finishes. */
  finish(): void {
    this.finishing = true;
    this.flush();
  }

  /** Nothing can be sent any more. */
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
    // ahead of what its end may set off, such as the end of the connection
    this.queue(rstStreamFrame(stream.id, code));
    this.owner.streamReset(stream);
    this.flush();
  }

  /** Nothing more of this stream is sent. */
  discard(stream: SendStream): void {
    stream.localOpen = false;
    stream.pendingData = stream.trailers = null;
    this.blockedStreams?.delete(stream);
  }

  endWritten(stream: SendStream): void {
    this.owner.streamFinished(stream);
  }

  /** The peer opens the connection's window; false when that is beyond what may be. */
  increaseWindow(bytes: number): boolean {
    this.windowBytes += bytes;
    this.grantedBytes += bytes;
    if (this.windowBytes > MAX_WINDOW_BYTES) return false;
    this.resumeBlocked();
    this.flush();
    return true;
  }

  /** The peer changes the window of one stream. */
  changeStreamWindow(stream: SendStream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.pendingData === null) return;
    this.queuePending(stream, stream.pendingData);
    this.flush();
  }

  /** The peer has made its header table smaller, and wants to hear that from us once: we never use it, so none will do. */
  announceTableSizeZero(): void {
    if (this.tableSizeUpdate === 'unused') this.tableSizeUpdate = 'announce';
  }

  /** The outlet has taken the last write. */
  onWriteComplete(): void {
    this.notifying = true;
    // first, so that those who waited have their turn before those who were served
    if (this.blockedStreams !== null) this.resumeBlocked();
    this.inFlight.notify();
    this.notifying = false;
    // not before: what the takers write waits until all of them know
    this.writing = false;
    this.flush();
  }

  private queueData(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.finishing) return;
    this.buffer.addData(streamId, first, rest, bytes, this.corked || (this.writing && !this.notifying));
  }

  private queueBlock(stream: SendStream, flags: number, block: Buffer): void {
    const announced = this.tableSizeUpdate === 'announce' ? Buffer.concat([TABLE_SIZE_ZERO, block]) : block;
    if (this.tableSizeUpdate === 'announce') this.tableSizeUpdate = 'announced';
    this.queue(headerFrames(stream.id, flags, announced));
  }

  private queue(frame: Buffer): void {
    if (!this.finishing) this.buffer.add(frame);
  }

  private flush(): void {
    // a write may be taken at once, and its taker write again: the loop sees to that, not a deeper call
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

  /** Sends of `body` what the windows let through. */
  private queuePending(stream: SendStream, body: Buffer): void {
    while (stream.pendingPos < body.length) {
      if (this.windowBytes <= 0 || this.buffer.bytes >= MAX_WRITE_BYTES) {
        this.blockedStreams ??= new Set();
        this.blockedStreams.add(stream);
        return;
      }
      const left = body.length - stream.pendingPos;
      const room = MAX_WRITE_BYTES - this.buffer.bytes;
      const bytes = Math.min(left, room, this.windowBytes, stream.sendWindow);
      if (bytes <= 0) return; // goes on when the peer opens this stream's window
      this.windowBytes -= bytes;
      stream.sendWindow -= bytes;
      this.queueData(stream.id, body.subarray(stream.pendingPos, stream.pendingPos + bytes), NO_BUFFERS, bytes);
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

  /** Goes on with the bodies that waited, in turn. */
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

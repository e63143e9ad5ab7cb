import { ConnectionError, ErrorCode } from './errors.ts';
import { MAX_WINDOW_BYTES } from './frames.ts';
import { MAX_STREAMS } from './limits.ts';
import type { Sender } from './sender.ts';
import { ServerStream, type StreamHandler } from './server-stream.ts';

/** Initial flow-control windows of a stream, in bytes. */
export interface Windows {
  readonly send: number;
  readonly receive: number;
}

/** The streams of one connection that are not closed on both sides. */
export class StreamTable {
  /** Highest stream id used by the client. */
  lastId = 0;
  /** Streams whose server side is open. */
  active = 0;
  private readonly streams = new Map<number, ServerStream>();
  /** Recently reset streams: frames that the client sent before it received the RST_STREAM are valid. Created on demand. */
  private resetIds: Set<number> | null = null;
  /** The last range of ids that the client skipped, without its end. */
  private skippedFrom = 0;
  private skippedTo = 0;
  /** The last stream found: most frames are for the same stream. */
  private lastFound: ServerStream | null = null;

  /** The stream with that id; null if it is closed. Throws ConnectionError if it was never opened. */
  find(streamId: number): ServerStream | null {
    if (this.lastFound?.id === streamId) return this.lastFound;
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      this.lastFound = stream;
      return stream;
    }
    if (streamId % 2 === 0 || streamId > this.lastId) {
      throw new ConnectionError(ErrorCode.protocol, 'frame for a stream that was not opened');
    }
    return null;
  }

  /** The client opens `streamId`, which closes the lower ids that it skipped (RFC 9113, section 5.1.1). */
  advance(streamId: number): void {
    if (streamId > this.lastId + 2) {
      this.skippedFrom = this.lastId + 1;
      this.skippedTo = streamId;
    }
    this.lastId = streamId;
  }

  /** True if the id is known to have been skipped, and so never belonged to a stream. */
  wasSkipped(streamId: number): boolean {
    return streamId >= this.skippedFrom && streamId < this.skippedTo;
  }

  markReset(streamId: number): void {
    this.resetIds ??= new Set();
    this.resetIds.add(streamId);
    if (this.resetIds.size <= MAX_STREAMS) return;
    for (const oldest of this.resetIds) {
      this.resetIds.delete(oldest);
      return;
    }
  }

  wasReset(streamId: number): boolean {
    return this.resetIds?.has(streamId) === true;
  }

  /** A new stream with `handler`; null if there are too many. */
  open(streamId: number, sender: Sender, windows: Windows, handler: StreamHandler): ServerStream | null {
    if (this.streams.size >= MAX_STREAMS && !this.evictHalfClosed()) return null;
    const stream = new ServerStream(streamId, sender, windows.send, windows.receive);
    stream.handler = handler;
    this.streams.set(streamId, stream);
    this.active++;
    return stream;
  }

  /** The client has ended its side of `stream`. */
  halfClose(stream: ServerStream): void {
    stream.remoteOpen = false;
    if (stream.handler === null) this.remove(stream);
    else stream.handler.onEnd();
  }

  /** Closes the server's side of `stream` and calls `onClosed`. It remains until the client closes its side. */
  closeLocal(stream: ServerStream): void {
    const { handler } = stream;
    if (handler !== null) {
      stream.handler = null;
      this.active--;
      handler.onClosed();
    }
    if (!stream.remoteOpen) this.remove(stream);
  }

  /** Closes both sides of `stream`. */
  close(stream: ServerStream): void {
    stream.remoteOpen = stream.localOpen = false;
    this.closeLocal(stream);
  }

  closeAll(): void {
    for (const stream of [...this.streams.values()]) this.close(stream);
  }

  /** The client has changed the initial window, which applies to open streams (RFC 9113, section 6.9.2). */
  changeSendWindows(sender: Sender, change: number): void {
    for (const stream of this.streams.values()) {
      if (stream.sendWindow + change > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.flowControl, 'window beyond 2^31');
      }
      sender.changeStreamWindow(stream, change);
    }
  }

  /** Resets streams whose trailers are blocked for longer than `deadlineMs` because the client does not read. */
  resetStalled(nowMs: number, deadlineMs: number): void {
    for (const stream of this.streams.values()) {
      if (stream.trailers === null) continue;
      if (stream.stalledSinceMs === 0) stream.stalledSinceMs = nowMs;
      else if (nowMs - stream.stalledSinceMs > deadlineMs) stream.reset(ErrorCode.enhanceYourCalm);
    }
  }

  private remove(stream: ServerStream): void {
    stream.isClosed = true;
    this.streams.delete(stream.id);
    if (this.lastFound === stream) this.lastFound = null;
  }

  /** Resets the oldest stream that the client keeps half-open; false when there is none. */
  private evictHalfClosed(): boolean {
    for (const stream of this.streams.values()) {
      if (stream.handler !== null) continue;
      stream.reset(ErrorCode.none);
      return true;
    }
    return false;
  }
}

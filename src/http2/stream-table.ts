import { ConnectionError } from './connection-error.ts';
import { ErrorCode, MAX_WINDOW_BYTES } from './frames.ts';
import { MAX_STREAMS } from './limits.ts';
import type { Sender } from './sender.ts';
import { ServerStream, type StreamHandler } from './server-stream.ts';

/** What a new stream may be sent, and what its client may send, in bytes. */
export interface Windows {
  readonly send: number;
  readonly receive: number;
}

/** The streams of one connection that are not closed on both sides. */
export class StreamTable {
  /** The highest number that the client has used. */
  lastId = 0;
  /** Streams that the server is not done with. */
  active = 0;
  private readonly streams = new Map<number, ServerStream>();
  /** Streams that the server gave up last: what their clients sent before they knew is no mistake. Made when first needed. */
  private resetIds: Set<number> | null = null;
  /** The numbers that the client left out last, from the first to before the second. */
  private skippedFrom = 0;
  private skippedTo = 0;
  /** The one that was asked for last: most frames are for the same stream. */
  private lastFound: ServerStream | null = null;

  /** The stream that a frame is for; null when it is closed. Throws ConnectionError for one that was never opened. */
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

  /** The client uses the next number, `streamId`; those that it left out can be used no more. */
  advance(streamId: number): void {
    if (streamId > this.lastId + 2) {
      this.skippedFrom = this.lastId + 1;
      this.skippedTo = streamId;
    }
    this.lastId = streamId;
  }

  /** True when a number was left out, as far as that is known, and so is not that of a stream that was closed. */
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

  /** A new stream, with `handler` for the time being; null when there are too many. */
  open(streamId: number, sender: Sender, windows: Windows, handler: StreamHandler): ServerStream | null {
    if (this.streams.size >= MAX_STREAMS && !this.evictHalfClosed()) return null;
    const stream = new ServerStream(streamId, sender, windows.send, windows.receive);
    stream.handler = handler;
    this.streams.set(streamId, stream);
    this.active++;
    return stream;
  }

  /** The client sends nothing more on `stream`. */
  halfClose(stream: ServerStream): void {
    stream.remoteOpen = false;
    if (stream.handler === null) this.remove(stream);
    else stream.handler.onEnd();
  }

  /** The server is done with `stream`: its handler is told. It stays until the client ends it, too. */
  closeLocal(stream: ServerStream): void {
    const { handler } = stream;
    if (handler !== null) {
      stream.handler = null;
      this.active--;
      handler.onClosed();
    }
    if (!stream.remoteOpen) this.remove(stream);
  }

  /** `stream` is over on both sides. */
  close(stream: ServerStream): void {
    stream.remoteOpen = stream.localOpen = false;
    this.closeLocal(stream);
  }

  closeAll(): void {
    for (const stream of [...this.streams.values()]) this.close(stream);
  }

  /** The client has changed what every stream may be sent. */
  changeSendWindows(sender: Sender, change: number): void {
    for (const stream of this.streams.values()) {
      if (stream.sendWindow + change > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.flowControl, 'window beyond 2^31');
      }
      sender.changeStreamWindow(stream, change);
    }
  }

  /** Resets streams that were ended more than `deadlineMs` ago without the client taking the rest of them. */
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

  /** Gives up the oldest stream that the server has ended and the client has not; false when there is none. */
  private evictHalfClosed(): boolean {
    for (const stream of this.streams.values()) {
      if (stream.handler !== null) continue;
      stream.reset(ErrorCode.none);
      return true;
    }
    return false;
  }
}

import type { ConnectionWriter } from './connection-writer.ts';
import { joined } from './data-frames.ts';
import { DEFAULT_WINDOW_BYTES, Flag, headerFrames, MAX_WINDOW_BYTES, rstStreamFrame } from './frames.ts';
import { EMPTY_TABLE } from './hpack-encode.ts';
import { Takers } from './pending-completions.ts';
import type { SendStream } from './send-stream.ts';
import { NextWrite } from './write-buffer.ts';

export interface StreamOwner {
  /** The stream is over for the server; `onClosed` of its handler is the owner's to call. */
  streamFinished(stream: SendStream): void;
  /** The stream is to be given up, and its peer was told. */
  streamReset(stream: SendStream): void;
}

/** Content of one write to the socket, beyond which bodies wait for it to be taken. */
const WRITE_BYTES = 256 * 1024;
/** Answers to PING, SETTINGS and the like that may wait for a peer who does not read them. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * What one connection sends: frames of an event-loop turn become one write, bodies are cut to frames and to the peer's
 * flow-control windows (RFC 9113, section 5.2).
 */
export class Sender {
  /** Streams that were reset or have ended are told here. */
  private readonly owner: StreamOwner;
  private readonly outlet: ConnectionWriter;
  /** The connection's window, and all that the peer has granted for it so far. */
  private windowBytes = DEFAULT_WINDOW_BYTES;
  private grantedBytes = DEFAULT_WINDOW_BYTES;
  private readonly next = new NextWrite();
  /** Streams to be told when what waits, or what is with the outlet, has been taken. */
  private readonly waitingTakers = new Takers();
  private readonly flyingTakers = new Takers();
  /** Streams whose body waits for the connection's window or for the outlet; made when first needed. */
  private held: Set<SendStream> | null = null;
  private table: 'unused' | 'announce' | 'announced' = 'unused';
  private corked = false;
  private busy = false;
  /** Those who waited for the outlet have their turn: what they write follows at once. */
  private telling = false;
  private flushing = false;
  /** No more is queued; and, once all is said, the outlet was told. */
  private finishing = false;
  private isDone = false;

  constructor(owner: StreamOwner, outlet: ConnectionWriter) {
    this.owner = owner;
    this.outlet = outlet;
  }

  /** True when nothing waits and nothing is with the outlet. */
  get isIdle(): boolean {
    return !this.busy && this.next.bytes === 0;
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
  frame(frame: Buffer): void {
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
    this.finishing = this.isDone = true;
    this.next.clear();
  }

  headers(stream: SendStream, block: Buffer): void {
    this.queueBlock(stream, 0, block);
    this.flush();
  }

  data(stream: SendStream, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    stream.takesWrite = true;
    const fits = bytes <= this.windowBytes && bytes <= stream.sendWindow;
    if (fits && this.next.bytes + bytes <= WRITE_BYTES) {
      this.windowBytes -= bytes;
      stream.sendWindow -= bytes;
      this.queueData(stream.id, first, rest, bytes);
      this.waitingTakers.add(stream);
    } else {
      stream.body = joined(first, rest, bytes);
      stream.bodyPos = 0;
      this.sendBody(stream, stream.body);
    }
    this.flush();
  }

  end(stream: SendStream, block: Buffer): void {
    if (stream.body !== null) {
      stream.trailers = block;
      return;
    }
    this.sendEnd(stream, block);
    this.flush();
  }

  reset(stream: SendStream, code: number): void {
    this.forget(stream);
    // ahead of what its end may set off, such as the end of the connection
    this.queue(rstStreamFrame(stream.id, code));
    this.owner.streamReset(stream);
    this.flush();
  }

  /** Nothing more of this stream is sent. */
  forget(stream: SendStream): void {
    stream.localOpen = false;
    stream.body = stream.trailers = null;
    this.held?.delete(stream);
  }

  finished(stream: SendStream): void {
    this.owner.streamFinished(stream);
  }

  /** The peer opens the connection's window; false when that is beyond what may be. */
  openWindow(bytes: number): boolean {
    this.windowBytes += bytes;
    this.grantedBytes += bytes;
    if (this.windowBytes > MAX_WINDOW_BYTES) return false;
    this.resume();
    this.flush();
    return true;
  }

  /** The peer changes the window of one stream. */
  openStreamWindow(stream: SendStream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.body === null) return;
    this.sendBody(stream, stream.body);
    this.flush();
  }

  /** The peer has made its header table smaller, and wants to hear that from us once: we never use it, so none will do. */
  announceEmptyTable(): void {
    if (this.table === 'unused') this.table = 'announce';
  }

  /** The outlet has taken the last write. */
  written(): void {
    this.telling = true;
    // first, so that those who waited have their turn before those who were served
    if (this.held !== null) this.resume();
    this.flyingTakers.tell();
    this.telling = false;
    // not before: what the takers write waits until all of them know
    this.busy = false;
    this.flush();
  }

  private queueData(streamId: number, first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.finishing) return;
    this.next.addData(streamId, first, rest, bytes, this.corked || (this.busy && !this.telling));
  }

  private queueBlock(stream: SendStream, flags: number, block: Buffer): void {
    const announced = this.table === 'announce' ? Buffer.concat([EMPTY_TABLE, block]) : block;
    if (this.table === 'announce') this.table = 'announced';
    this.queue(headerFrames(stream.id, flags, announced));
  }

  private queue(frame: Buffer): void {
    if (!this.finishing) this.next.add(frame);
  }

  private flush(): void {
    // a write may be taken at once, and its taker write again: the loop sees to that, not a deeper call
    if (this.next.bytes > MAX_WAITING_BYTES && this.busy) this.outlet.overflow();
    if (this.corked || this.busy || this.flushing) return;
    this.flushing = true;
    while (!this.busy && this.next.bytes > 0) {
      this.flyingTakers.take(this.waitingTakers);
      this.busy = true;
      this.next.writeTo(this.outlet);
    }
    this.flushing = false;
    if (!this.finishing || this.isDone || !this.isIdle) return;
    this.isDone = true;
    this.outlet.finish();
  }

  /** Sends of `body` what the windows let through. */
  private sendBody(stream: SendStream, body: Buffer): void {
    while (stream.bodyPos < body.length) {
      if (this.windowBytes <= 0 || this.next.bytes >= WRITE_BYTES) {
        this.held ??= new Set();
        this.held.add(stream);
        return;
      }
      const left = body.length - stream.bodyPos;
      const room = WRITE_BYTES - this.next.bytes;
      const bytes = Math.min(left, room, this.windowBytes, stream.sendWindow);
      if (bytes <= 0) return; // goes on when the peer opens this stream's window
      this.windowBytes -= bytes;
      stream.sendWindow -= bytes;
      this.queueData(stream.id, body.subarray(stream.bodyPos, stream.bodyPos + bytes), NOTHING, bytes);
      stream.bodyPos += bytes;
      stream.stalledSinceMs = 0;
    }
    stream.body = null;
    this.waitingTakers.add(stream);
    if (stream.trailers !== null) this.sendEnd(stream, stream.trailers);
  }

  private sendEnd(stream: SendStream, block: Buffer): void {
    stream.trailers = null;
    this.queueBlock(stream, Flag.endStream, block);
    this.waitingTakers.add(stream);
  }

  /** Goes on with the bodies that waited, in turn. */
  private resume(): void {
    const { held } = this;
    if (held === null) return;
    for (const stream of [...held]) {
      if (this.windowBytes <= 0 || this.next.bytes >= WRITE_BYTES) return;
      held.delete(stream);
      if (stream.body !== null) this.sendBody(stream, stream.body);
    }
    if (held.size === 0) this.held = null;
  }
}

const NOTHING: readonly Buffer[] = [];

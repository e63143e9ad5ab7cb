import { windowUpdateFrame } from './frames.ts';
import { REFILL_BYTES, WINDOW_BYTES } from './limits.ts';
import type { Sender } from './sender.ts';

/** Told what happens on one stream. */
export interface StreamHandler {
  /** The next bytes of the request body, cut anywhere. They may be kept, never written to. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The client sends nothing more. */
  onEnd(): void;
  /** The transport has taken what was written last. */
  onWriteComplete(): void;
  /** The stream is over: ended and on its way, reset, or lost with its connection. Nothing follows. */
  onClosed(): void;
}

/** Of a body whose length was not announced. */
const UNKNOWN_LENGTH = -1;

/** One stream of a connection, as the server sees it (RFC 9113, section 5.1). */
export class ServerStream {
  readonly id: number;
  /** Null once the stream is over for the server. */
  handler: StreamHandler | null = null;
  /** What may be sent, and what the peer may still send. */
  sendWindow: number;
  receiveWindow: number;
  remoteOpen = true;
  /** While true, the client's window is not opened again: what it has sent waits somewhere. */
  withholdsWindow = false;
  /** What is left of the content that the request announced; UNKNOWN_LENGTH when it did not. */
  contentBytesLeft = UNKNOWN_LENGTH;
  /** False once the end is queued. */
  localOpen = true;
  /** True once it is closed on both sides. */
  isClosed = false;
  /** What of the last write does not fit the windows yet, from `pendingPos` on, and the end that waits behind it. */
  pendingData: Buffer | null = null;
  pendingPos = 0;
  trailers: Buffer | null = null;
  /** Whether a write is on its way whose taking is to be told. */
  writeInFlight = false;
  /** When somebody first saw that the body does not move; 0 while it does. */
  stalledSinceMs = 0;
  private readonly sender: Sender;

  constructor(id: number, sender: Sender, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sender = sender;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Counts content; true when it is more or, with the end, less than was announced (RFC 9113, section 8.1.1). */
  hasWrongLength(bytes: number, isEnd: boolean): boolean {
    if (this.contentBytesLeft === UNKNOWN_LENGTH) return false;
    const left = this.contentBytesLeft - bytes;
    this.contentBytesLeft = Math.max(0, left);
    return left < 0 || (isEnd && left > 0);
  }

  /** Opens the client's window again when half of it is used; to be called after `isHeld` has become false. */
  refillWindow(): void {
    if (this.withholdsWindow || !this.remoteOpen || this.receiveWindow > REFILL_BYTES) return;
    this.sender.sendFrame(windowUpdateFrame(this.id, WINDOW_BYTES - this.receiveWindow));
    this.receiveWindow = WINDOW_BYTES;
  }

  /** Sends a header block ahead of everything else. */
  sendHeaders(block: Buffer): void {
    if (this.localOpen) this.sender.sendHeaders(this, block);
  }

  /** Sends `first` and `rest`, `bytes` in all. One write at a time: the next one after `onWriteComplete`. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.localOpen) this.sender.sendData(this, first, rest, bytes);
  }

  /** Sends a header block that ends the stream, behind everything written. */
  end(block: Buffer): void {
    if (!this.localOpen) return;
    this.localOpen = false;
    this.sender.sendTrailers(this, block);
  }

  /** Gives the stream up at once. */
  reset(code: number): void {
    if (!this.isClosed) this.sender.reset(this, code);
  }

  /** Something that was queued has left. */
  onWriteComplete(): void {
    if (!this.writeInFlight) {
      this.sender.endWritten(this);
      return;
    }
    this.writeInFlight = false;
    this.handler?.onWriteComplete();
  }
}

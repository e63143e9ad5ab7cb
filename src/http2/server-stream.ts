import { windowUpdateFrame } from './frames.ts';
import { REFILL_BYTES, WINDOW_BYTES } from './limits.ts';
import type { Sender } from './sender.ts';

/** Receives the events of one stream. */
export interface StreamHandler {
  /** The next bytes of the request body, split anywhere. May be kept, must not be modified. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The client has ended its side. */
  onEnd(): void;
  /** The last write is complete. */
  onWriteComplete(): void;
  /** The stream is over: its end is written, or it was reset or lost with its connection. Called last. */
  onClosed(): void;
}

/** `contentBytesLeft` without a content-length. */
const UNKNOWN_LENGTH = -1;

/** One stream of a connection on the server side (RFC 9113, section 5.1). */
export class ServerStream {
  readonly id: number;
  /** Null once the server's side is closed. */
  handler: StreamHandler | null = null;
  /** Flow-control windows: bytes that may be sent, and bytes that the peer may send. */
  sendWindow: number;
  receiveWindow: number;
  remoteOpen = true;
  /** While true, WINDOW_UPDATE is withheld, since received data is still buffered. */
  withholdsWindow = false;
  /** Bytes missing to the request's content-length, or UNKNOWN_LENGTH. */
  contentBytesLeft = UNKNOWN_LENGTH;
  /** False once the end is queued. */
  localOpen = true;
  /** True once both sides are closed. */
  isClosed = false;
  /** Data of the last write that exceeds the windows, from `pendingPos` on, and the trailers that follow it. */
  pendingData: Buffer | null = null;
  pendingPos = 0;
  trailers: Buffer | null = null;
  /** True while a write is in flight whose completion is to be reported. */
  writeInFlight = false;
  /** Time at which a check first saw that the pending data does not move; 0 while it does. */
  stalledSinceMs = 0;
  private readonly sender: Sender;

  constructor(id: number, sender: Sender, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sender = sender;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Counts body bytes; true when they contradict the content-length (RFC 9113, section 8.1.1). */
  hasWrongLength(bytes: number, isEnd: boolean): boolean {
    if (this.contentBytesLeft === UNKNOWN_LENGTH) return false;
    const left = this.contentBytesLeft - bytes;
    this.contentBytesLeft = Math.max(0, left);
    return left < 0 || (isEnd && left > 0);
  }

  /** Sends WINDOW_UPDATE when half of the window is used. Call it also when `withholdsWindow` becomes false. */
  refillWindow(): void {
    if (this.withholdsWindow || !this.remoteOpen || this.receiveWindow > REFILL_BYTES) return;
    this.sender.sendFrame(windowUpdateFrame(this.id, WINDOW_BYTES - this.receiveWindow));
    this.receiveWindow = WINDOW_BYTES;
  }

  /** Sends the response headers; call before `write`. */
  sendHeaders(block: Buffer): void {
    if (this.localOpen) this.sender.sendHeaders(this, block);
  }

  /** Sends `first` and `rest`, `bytes` in all. One write at a time: the next one after `onWriteComplete`. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.localOpen) this.sender.sendData(this, first, rest, bytes);
  }

  /** Sends trailers that end the stream after everything written. */
  end(block: Buffer): void {
    if (!this.localOpen) return;
    this.localOpen = false;
    this.sender.sendTrailers(this, block);
  }

  /** Sends RST_STREAM and discards pending data. */
  reset(code: number): void {
    if (!this.isClosed) this.sender.reset(this, code);
  }

  /** The last write, or the end of the stream, has been written. */
  onWriteComplete(): void {
    if (!this.writeInFlight) {
      this.sender.endWritten(this);
      return;
    }
    this.writeInFlight = false;
    this.handler?.onWriteComplete();
  }
}

import type { Sender } from './sender.ts';

/** Told what happens on one stream. */
export interface StreamHandler {
  /** The next bytes of the request body, cut anywhere. They may be kept, never written to. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The client sends nothing more. */
  onEnd(): void;
  /** The transport has taken what was written last. */
  onTaken(): void;
  /** The stream is over: ended and on its way, reset, or lost with its connection. Nothing follows. */
  onClosed(): void;
}

/** One stream of a connection, as the server sees it (RFC 9113, section 5.1). */
export class ServerStream {
  readonly id: number;
  /** Null once the stream is over for the server. */
  handler: StreamHandler | null = null;
  /** What may be sent, and what the peer may still send. */
  sendWindow: number;
  receiveWindow: number;
  remoteOpen = true;
  /** False once the end is queued. */
  localOpen = true;
  /** True once it is closed on both sides. */
  isOver = false;
  /** What of the last write does not fit the windows yet, from `bodyPos` on, and the end that waits behind it. */
  body: Buffer | null = null;
  bodyPos = 0;
  trailers: Buffer | null = null;
  /** Whether a write is on its way whose taking is to be told. */
  takesWrite = false;
  /** When somebody first saw that the body does not move; 0 while it does. */
  stalledSinceMs = 0;
  private readonly sender: Sender;

  constructor(id: number, sender: Sender, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sender = sender;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Sends a header block ahead of everything else. */
  sendHeaders(block: Buffer): void {
    if (this.localOpen) this.sender.headers(this, block);
  }

  /** Sends `first` and `rest`, `bytes` in all. One write at a time: the next one after `onTaken`. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.localOpen) this.sender.data(this, first, rest, bytes);
  }

  /** Sends a header block that ends the stream, behind everything written. */
  end(block: Buffer): void {
    if (!this.localOpen) return;
    this.localOpen = false;
    this.sender.end(this, block);
  }

  /** Gives the stream up at once. */
  reset(code: number): void {
    if (!this.isOver) this.sender.reset(this, code);
  }

  /** Something that was queued has left. */
  taken(): void {
    if (!this.takesWrite) {
      this.sender.finished(this);
      return;
    }
    this.takesWrite = false;
    this.handler?.onTaken();
  }
}

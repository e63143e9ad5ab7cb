/** The sending side of a stream, as the sender uses it. */
export interface SendStream {
  readonly id: number;
  /** Bytes that the peer's window of this stream admits. */
  sendWindow: number;
  /** False once the end of the stream is queued. */
  localOpen: boolean;
  /** Data of the last write that exceeds the windows, from `pendingPos` on, and the trailers that follow it. */
  pendingData: Buffer | null;
  pendingPos: number;
  trailers: Buffer | null;
  /** True while a write is in flight whose completion is to be reported. */
  writeInFlight: boolean;
  /** Time at which a check first saw that the pending data does not move; 0 while it does. */
  stalledSinceMs: number;
  /** The last write, or the end of the stream, has been written. */
  onWriteComplete(): void;
}

/** Streams to notify when a write completes. Usually there is one, for which nothing is allocated. */
export class PendingCompletions {
  private first: SendStream | null = null;
  private rest: SendStream[] = NONE;

  add(stream: SendStream): void {
    if (this.first === null) this.first = stream;
    else if (this.rest === NONE) this.rest = [stream];
    else this.rest.push(stream);
  }

  /** Moves all entries from `others`. Must be empty. */
  moveFrom(others: PendingCompletions): void {
    this.first = others.first;
    this.rest = others.rest;
    others.first = null;
    others.rest = NONE;
  }

  /** Notifies all streams in the order they were added, and removes them. */
  notify(): void {
    const { first, rest } = this;
    this.first = null;
    this.rest = NONE;
    first?.onWriteComplete();
    for (let i = 0; i < rest.length; i++) (rest[i] as SendStream).onWriteComplete();
  }
}

/** Never added to. */
const NONE: SendStream[] = [];

/** The sending side of a stream, as the sender uses it. */
export interface SendStream {
  readonly id: number;
  /** Bytes that the peer's window of this stream admits. */
  sendWindow: number;
  /** False once the end of the stream is queued. */
  localOpen: boolean;
  /** Data of the last write that exceeds the windows, from `bodyPos` on, and the trailers that follow it. */
  pendingData: Buffer | null;
  pendingPos: number;
  trailers: Buffer | null;
  /** Whether a write is in flight whose completion is reported. */
  writeInFlight: boolean;
  /** When a check first saw that the body does not move; 0 while it does. */
  stalledSinceMs: number;
  /** A queued write or the end of the stream has been written. */
  onWriteComplete(): void;
}

/** The writing side of a connection. One write at a time: `Sender.written` completes it, possibly at once. */
export interface ConnectionWriter {
  write(bytes: Buffer): void;
  /** Writes `pieces` in order, without joining them. */
  writeAll(pieces: readonly Buffer[]): void;
  /** Everything is written: no write follows. */
  finish(): void;
  /** More data is queued than a well-behaved peer could cause. */
  overflow(): void;
}

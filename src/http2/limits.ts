/** What one connection may ask for, as far as that can be chosen. */
export interface Http2Limits {
  /** All fields of one request, with 32 bytes for each besides its name and value (RFC 9113, section 6.5.2). */
  readonly maxHeaderBytes: number;
  /** Streams that a client may reset in the long run, while they are most of its streams. */
  readonly maxResetsPerSecond: number;
}

/** Header lists and blocks that are so many times too long are not read to their end: the connection is ended. */
export const HARD_LIMIT_FACTOR = 8;

/** What a client may send ahead. Nothing is buffered here, so it only has to be enough not to hold anybody up. */
export const WINDOW_BYTES = 1024 * 1024;
export const REFILL_BYTES = WINDOW_BYTES / 2;

/** Streams that one connection may have open at a time: a client needs a handful, and a hundred may share a connection. */
export const MAX_STREAMS = 512;

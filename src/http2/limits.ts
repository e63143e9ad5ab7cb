/** Configurable limits of one connection. */
export interface Http2Limits {
  /** All fields of one request, with 32 bytes for each besides its name and value (RFC 9113, section 6.5.2). */
  readonly maxHeaderBytes: number;
  /** Rate of stream resets that is admitted while more than half of a client's streams are reset. */
  readonly maxResetsPerSecond: number;
}

/** Header lists and blocks that exceed their limit this many times are not decoded: the connection is closed. */
export const HARD_LIMIT_FACTOR = 8;

/** Flow-control window of clients. Nothing is buffered in it; it must be large enough not to limit throughput. */
export const WINDOW_BYTES = 1024 * 1024;
export const REFILL_BYTES = WINDOW_BYTES / 2;

/** Concurrent streams per connection: a client needs a handful, and a hundred may share a connection. */
export const MAX_STREAMS = 512;

/** Error codes (RFC 9113, section 7). */
export const ErrorCode = {
  none: 0,
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

/** A connection error (RFC 9113, section 5.4.1). Thrown while the client's bytes are read; ends the connection. */
export class ConnectionError extends Error {
  /** One of `ErrorCode`, for GOAWAY. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

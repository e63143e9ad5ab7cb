/** What a client did that ends its connection (RFC 9113, section 5.4.1). Thrown while its bytes are read. */
export class ConnectionError extends Error {
  /** One of `ErrorCode`, for GOAWAY. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

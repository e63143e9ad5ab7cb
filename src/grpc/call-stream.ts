import type { EndStatus } from '../router/index.ts';

/** The HTTP/2 stream of one call. */
export interface CallStream {
  /** Sends the response headers ahead of everything else. */
  sendHeaders(): void;
  /** Sends gRPC messages, `first` and `rest`, `bytes` in all; completed by `ServerCall.onWriteComplete`, possibly at once. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** Sends the trailers after everything written. */
  end(code: EndStatus, details: string): void;
  /** Resets the stream without waiting for its reader; false where only closing the connection does that. */
  reset(): boolean;
  /** Backpressure: reads no more of the request body; some may still arrive. */
  pauseReading(): void;
  resumeReading(): void;
}

/** The header fields of a request that the router uses. */
export interface CallRequest {
  readonly path: string;
  /** The header field of that name. */
  readonly authorization: string | null;
  /** Name of a header field that only a proxy adds, or null. */
  readonly proxyHeader: string | null;
}

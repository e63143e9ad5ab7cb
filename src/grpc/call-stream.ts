import type { EndStatus } from '../router/index.ts';
import type { Framing } from '../wire/index.ts';

/** The stream of one call: of HTTP/2, or of a WebSocket. */
export interface CallStream {
  /** The framing of the messages that a send queue holds for this stream, whose gRPC framing is `grpc`. */
  queueFraming(grpc: Framing): Framing;
  /** Sends the response headers ahead of everything else. */
  sendHeaders(): void;
  /** Sends gRPC messages or those of a send queue, `first` and `rest`, `bytes` in all; completed by `ServerCall.onWriteComplete`, possibly at once. */
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

import type { EndStatus } from '../router/index.ts';
import type { Framing } from '../wire/index.ts';

/** The stream of one call: of HTTP/2, or of a WebSocket. */
export interface CallStream {
  /** The framing of the messages that a send queue holds for this stream, whose gRPC framing is `grpc`. */
  queueFraming(grpc: Framing): Framing;
  /** Sends the response headers ahead of everything else. */
  sendHeaders(): void;
  /** Writes gRPC messages or messages of a send queue, `first` and `rest`, `bytes` in all; completed by `ServerCall.onWriteComplete`, possibly at once. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** Sends the trailers after everything written. */
  end(code: EndStatus, details: string): void;
  /** Resets the stream without waiting for its reader; false where only closing the connection does that. */
  reset(): boolean;
  /** Backpressure: pauses reading the request body; bytes in flight may still arrive. */
  pauseReading(): void;
  resumeReading(): void;
}

/** The header fields of a request that the router uses. */
export interface CallRequest {
  readonly path: string;
  /** The `authorization` header. */
  readonly authorization: string | null;
  /** Name of a header field that indicates a proxy, or null. */
  readonly proxyHeader: string | null;
}

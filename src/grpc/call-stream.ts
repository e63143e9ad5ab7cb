import type { EndStatus } from '../router/index.ts';

/** The stream under one call, whatever carries it. */
export interface CallStream {
  /**
   * True for one that passes on whole messages only: what is written then begins and ends with one, and is not the piece of
   * any.
   */
  readonly needsWholeMessages: boolean;
  /** Sends the response headers ahead of everything else. */
  sendHeaders(): void;
  /** Sends gRPC messages, `first` and `rest`, `bytes` in all; answered by `ServerCall.onWriteComplete`, which may be at once. */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** Sends the trailers, behind everything written. */
  end(code: EndStatus, details: string): void;
  /** Gives the stream up alone, without waiting for its reader; false when only the end of the connection does that. */
  reset(): boolean;
  /** Asks for no more of the request body, so that its sender has to wait; some may still come. */
  pause(): void;
  /** Wants more of it again. */
  resume(): void;
}

/** What is asked for by a request: where it goes, and what it shows to be let in. */
export interface CallRequest {
  readonly path: string;
  /** The header of that name. */
  readonly authorization: string | null;
  /** Name of a header that only a proxy adds; null when there is none. */
  readonly proxyHeader: string | null;
}

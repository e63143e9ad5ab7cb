import type { Framing } from '../wire/index.ts';
import type { Client } from './client.ts';
import type { CloseReason } from './counters.ts';

/** Time, handed in so that the core can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps, with fractions. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once the event-loop turn's input is read. */
  atTickEnd(run: () => void): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** The part of the logger that the core uses. */
export interface RouterLog {
  /** Whether debug lines are written: asked before every message is described, so a plain field. */
  readonly isDebug?: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Logs the first occurrence of `cause`, then counts, so that a flood of refusals cannot flood the log. */
  warnOnce(cause: string, message: string, fields?: LogFields): void;
}

/** Bounds that a reload may change. Bytes and milliseconds as named. */
export interface Limits {
  readonly maxMessageBytes: number;
  readonly maxSendQueueBytes: number;
  readonly maxBufferBytes: number;
  readonly writeDeadlineMs: number;
  readonly maxClientsPerConnection: number;
  readonly maxGroups: number;
  readonly maxPendingRequests: number;
  readonly clientTimeoutMs: number;
  readonly healthCheckIntervalMs: number;
  readonly healthCheck: boolean;
}

/** Longest client or group name, and largest metadata map, in bytes. */
export const MAX_NAME_BYTES = 256;
export const MAX_METADATA_BYTES = 64 * 1024;

/** How a stream ends; the names are gRPC's status codes. */
export type EndStatus =
  | 'OK'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'INTERNAL'
  | 'ABORTED'
  | 'UNAUTHENTICATED'
  | 'UNIMPLEMENTED'
  | 'NOT_FOUND'
  | 'INVALID_ARGUMENT';

/** A stream towards a client as the core sees it. */
export interface StreamTransport {
  /**
   * Hands framed messages, `first` and `rest`, `bytes` in all, to the transport, which answers with
   * `SendQueue.onWriteComplete()` once they are on their way. It may do so at once.
   */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** Ends the stream in good order, behind everything written. */
  end(status: EndStatus, details: string): void;
  /** Cuts a stream whose reader does not read, at once and without waiting for it. */
  cut(details: string): void;
  /** Asks for no more bytes of the stream; some may still come. */
  pause(): void;
  /** Wants them again. */
  resume(): void;
}

/** The connection that clients register on, as the core sees it. Identity is what counts: an id is no secret. */
export interface RouterConnection {
  readonly clients: Set<Client>;
  /** For logs: address and port. */
  readonly remote: string;
  /** Header by which its requests showed an HTTP proxy: several clients may share it. Null for a client's own connection. */
  readonly proxyHeader: string | null;
}

/** Told about clients coming and going, for the status page. */
export interface ClientObserver {
  clientClosed(client: Client, reason: CloseReason): void;
}

export type { Framing };

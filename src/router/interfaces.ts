import type { CloseReason } from './counters.ts';

/** Longest delay of `Clock.after` and of a Node.js timer: 24 days. */
export const MAX_TIMER_MS = 0x7fffffff;

/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of the monotonic clock, with fractions. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once when the input of the current event-loop tick has been read. */
  atTickEnd(run: () => void): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** The part of the logger that the core uses. */
export interface RouterLog {
  /** Whether debug lines are written: a plain field, because it is read for every message. */
  readonly isDebug?: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Logs the first occurrence of `cause`, then counts, so that a flood of refusals cannot flood the log. */
  warnOnce(cause: string, message: string, fields?: LogFields): void;
}

/** Limits that a reload may change, named as in the configuration. */
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
  /** How long a session is kept without a connection; 0 turns sessions off. */
  readonly sessionWindowMs: number;
  readonly sessionBufferBytes: number;
}

/** Longest client or group name, and largest metadata map, in bytes. */
export const MAX_NAME_BYTES = 256;
export const MAX_METADATA_BYTES = 64 * 1024;

/** Final status of a stream or call; the names are gRPC's status codes. */
export type EndStatus =
  | 'OK'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'INTERNAL'
  | 'ABORTED'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'UNIMPLEMENTED'
  | 'NOT_FOUND'
  | 'INVALID_ARGUMENT';

/** The transport of a p2p or `events` stream. A new protocol implements only this interface. */
export interface StreamTransport {
  /**
   * Writes framed messages, `first` and `rest`, `bytes` in all. One write at a time: the transport calls
   * `SendQueue.onWriteComplete`, possibly at once, before the next one. Each chunk holds whole messages.
   */
  write(first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** Ends the stream after everything queued has been written. */
  end(status: EndStatus, details: string): void;
  /** Ends the stream at once, without waiting for a slow consumer. */
  abort(reason: CloseReason): void;
  /** Backpressure: delivers no more messages to the session until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
}

import type { Socket } from 'node:net';
import type { Http2Limits } from '../http2/index.ts';
import type { Connection, Connections, Pacer } from '../net/index.ts';
import type { RefuseReason } from '../router/index.ts';
import type { ServerCall } from './call.ts';
import type { CallRequest, CallStream } from './call-stream.ts';

/** What carries calls: HTTP/2 on the sockets that the listener accepts. */
export interface Transport {
  /** Serves what comes on `socket`, which is the connection's own or what TLS makes of it. */
  serve(connection: Connection, socket: Socket): void;
  /** To be called ten times a second: looks after connections that say nothing. */
  tend(): void;
  /** Says good-bye (GOAWAY) on every connection; each closes once nothing is open on it. */
  leave(): void;
  /** Lets go of everything. */
  destroy(): void;
}

export interface TransportOptions extends Http2Limits {
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Time for a connection to say hello, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxSendQueueBytes: number;
}

export interface TransportDependencies {
  readonly options: TransportOptions;
  readonly connections: Connections;
  /** Spreads the first requests of many connections over event-loop turns. */
  readonly arriving: Pacer;
  /** Spreads the ends of many connections over event-loop turns. */
  readonly closing: Pacer;
  readonly writeDeadlineMs: () => number;
  /** Takes bytes of what is half received, or gives them back when negative; false when there is no room. */
  readonly holdBytes: (change: number) => boolean;
  /** The call for a request whose stream has begun; null for a path that nobody serves. */
  readonly openCall: (connection: Connection, stream: CallStream, request: CallRequest) => ServerCall | null;
  /** Counts and logs a connection that is not served, and one that is not served any more. */
  readonly refuse: (reason: RefuseReason, remote: string, details: string) => void;
  readonly cutOff: (reason: RefuseReason, remote: string, details: string) => void;
}

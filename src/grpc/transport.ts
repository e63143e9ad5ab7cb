import type { Socket } from 'node:net';
import type { Http2Limits } from '../http2/index.ts';
import type { Connection, NodeInternals, TickQueue } from '../net/index.ts';
import type { RefuseReason } from '../router/index.ts';
import type { ServerCall } from './call.ts';
import type { CallRequest, CallStream } from './call-stream.ts';

/** An implementation of gRPC over HTTP/2 on the sockets that the listener accepts. */
export interface Transport {
  /** Serves a connection on `socket`: the connection's own socket, or the TLS socket on top of it. */
  serve(connection: Connection, socket: Socket): void;
  /** Call every 100 ms. Sends keepalive pings and closes dead connections. */
  checkTimeouts(): void;
  /** Sends GOAWAY on every connection; each closes when its last stream ends. */
  gracefulShutdown(): void;
  /** Releases all resources. */
  destroy(): void;
}

/** Serves connections that start with an HTTP/1 request instead of the HTTP/2 preface. */
export interface Http1Transport {
  /** Takes over the connection; `received` are the bytes read from `socket` so far. */
  serve(connection: Connection, socket: Socket, received: Buffer): void;
  /** Call every 100 ms. */
  checkTimeouts(): void;
  gracefulShutdown(): void;
  destroy(): void;
}

export interface TransportOptions extends Http2Limits {
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Time for the HTTP/2 preface. */
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxSendQueueBytes: number;
}

export interface TransportDependencies {
  readonly options: TransportOptions;
  readonly internals: NodeInternals;
  /** Spreads the first requests of new connections over event-loop ticks. */
  readonly newConnectionQueue: TickQueue;
  /** Spreads the closing of many connections over event-loop ticks. */
  readonly closeQueue: TickQueue;
  readonly writeDeadlineMs: () => number;
  /** Reserves memory for partially received data, or releases it when negative; false when none is left. */
  readonly reserveBytes: (change: number) => boolean;
  /** The call for the request of a new stream; null for an unknown path. */
  readonly openCall: (connection: Connection, stream: CallStream, request: CallRequest) => ServerCall | null;
  /** Serves HTTP/1 requests; null answers them with 426. */
  readonly http1: Http1Transport | null;
  /** Count and log a connection that is refused, and one that is terminated for an error of the client. */
  readonly reportRefused: (reason: RefuseReason, remote: string, details: string) => void;
  readonly reportTerminated: (reason: RefuseReason, remote: string, details: string) => void;
}

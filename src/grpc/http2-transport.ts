import type { Socket } from 'node:net';
import { DataFrameCache } from '../http2/index.ts';
import type { Connection } from '../net/index.ts';
import { detachReader, EofThrottle, TickQueue } from '../net/index.ts';
import { Http2Connection, type Http2Host } from './http2-connection.ts';
import type { Transport, TransportDependencies } from './transport.ts';

/** Calls of `checkTimeouts` per sweep over all connections: one second. */
const SWEEP_SLICES = 10;
/** Pings sent per event-loop tick: half a millisecond of work. */
const PINGS_PER_TICK = 64;

/** Serves connections with the router's own HTTP/2. */
export class Http2Transport implements Transport, Http2Host {
  private readonly deps: TransportDependencies;
  private readonly connections = new Set<Http2Connection>();
  /** Spreads pings over ticks: connections opened together become due together. */
  private readonly pingQueue = new TickQueue(PINGS_PER_TICK);
  readonly eofThrottle = new EofThrottle(this.connections);
  readonly dataFrames = new DataFrameCache();
  /** Position of the current sweep; null between sweeps. */
  private sweepCursor: Iterator<Http2Connection> | null = null;

  constructor(deps: TransportDependencies) {
    this.deps = deps;
  }

  serve(connection: Connection, socket: Socket): void {
    this.connections.add(new Http2Connection(connection, socket, this.deps, this));
  }

  onClosed(http2: Http2Connection): void {
    this.connections.delete(http2);
  }

  handOver(http2: Http2Connection, socket: Socket, received: Buffer): boolean {
    if (this.deps.http1 === null) return false;
    this.connections.delete(http2);
    detachReader(socket);
    this.deps.http1.serve(http2.connection, socket, received);
    return true;
  }

  checkTimeouts(): void {
    this.sweepCursor ??= this.connections.values();
    const now = performance.now();
    for (let left = Math.ceil(this.connections.size / SWEEP_SLICES); left > 0; left--) {
      const next = this.sweepCursor.next();
      if (next.done === true) {
        this.sweepCursor = null;
        return;
      }
      next.value.checkTimeouts(now, this.pingQueue);
    }
  }

  gracefulShutdown(): void {
    for (const connection of this.connections) connection.gracefulShutdown();
  }

  destroy(): void {
    // their sockets are destroyed by the listener
    this.connections.clear();
  }
}

import type { Socket } from 'node:net';
import { DataFrameCache } from '../http2/index.ts';
import type { Connection } from '../net/index.ts';
import { detachReader, EofThrottle, TimeoutSweep } from '../net/index.ts';
import { Http2Connection, type Http2Host } from './http2-connection.ts';
import type { Transport, TransportDependencies } from './transport.ts';

/** Serves connections with the router's own HTTP/2. */
export class Http2Transport implements Transport, Http2Host {
  private readonly deps: TransportDependencies;
  private readonly connections = new Set<Http2Connection>();
  private readonly timeoutSweep = new TimeoutSweep(this.connections);
  readonly eofThrottle = new EofThrottle(this.connections);
  readonly dataFrames = new DataFrameCache();

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
    this.timeoutSweep.run();
  }

  gracefulShutdown(): void {
    for (const connection of this.connections) connection.gracefulShutdown();
  }

  destroy(): void {
    // their sockets are destroyed by the listener
    this.connections.clear();
  }
}

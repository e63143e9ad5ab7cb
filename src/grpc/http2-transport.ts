import type { Socket } from 'node:net';
import type { Connection } from '../net/index.ts';
import { EndPacer, Pacer } from '../net/index.ts';
import { DirectConnection } from './http2-connection.ts';
import type { Transport, TransportDependencies } from './transport.ts';

/** Calls of `tend` in which every connection comes up once: a second. */
const TURNS = 10;
/** Pings that are sent in one turn of the event loop: half a millisecond of work. */
const PINGED_PER_TURN = 64;

/** Serves connections by the router's own HTTP/2. */
export class DirectTransport implements Transport {
  private readonly deps: TransportDependencies;
  private readonly open = new Set<DirectConnection>();
  /** Those who came together fall silent together. */
  private readonly pinging = new Pacer(PINGED_PER_TURN);
  private readonly ends = new EndPacer(this.open);
  /** Those that have not come up yet in this round. */
  private untended: Iterator<DirectConnection> | null = null;

  constructor(deps: TransportDependencies) {
    this.deps = deps;
  }

  serve(connection: Connection, socket: Socket): void {
    const served = new DirectConnection(connection, socket, this.deps, this.ends);
    this.open.add(served);
    socket.once('close', () => this.open.delete(served));
  }

  tend(): void {
    this.untended ??= this.open.values();
    const now = performance.now();
    for (let left = Math.ceil(this.open.size / TURNS); left > 0; left--) {
      const next = this.untended.next();
      if (next.done === true) {
        this.untended = null;
        return;
      }
      next.value.tend(now, this.pinging);
    }
  }

  leave(): void {
    for (const served of this.open) served.leave();
  }

  destroy(): void {
    // the listener has destroyed their sockets
    this.open.clear();
  }
}

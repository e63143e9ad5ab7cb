import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Connection } from './connection.ts';

/** Connections during their TLS handshake. Matches the TLS socket of a connection by the addresses of both ends. */
export class TlsHandshakes {
  private readonly pending = new Map<string, Connection>();

  /** `onFailed` is called when `connection` closes during the handshake. */
  add(connection: Connection, onFailed: () => void): void {
    const key = keyOf(connection.socket);
    this.pending.set(key, connection);
    connection.socket.once('close', () => {
      if (this.remove(key, connection)) onFailed();
    });
  }

  /** The connection of a TLS socket whose handshake is over; undefined if it has closed. */
  take(socket: TLSSocket): Connection | undefined {
    const key = keyOf(socket);
    const connection = this.pending.get(key);
    if (connection !== undefined) this.remove(key, connection);
    return connection?.socket.destroyed ? undefined : connection;
  }

  private remove(key: string, connection: Connection): boolean {
    return this.pending.get(key) === connection && this.pending.delete(key);
  }
}

/** Unique among open connections, also behind one NAT or on several local addresses. */
function keyOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

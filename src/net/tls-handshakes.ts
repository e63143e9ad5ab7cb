import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Connection } from './connection.ts';

/** Connections during their TLS handshake. Matches the TLS socket of a connection by the addresses of both ends. */
export class TlsHandshakes {
  private readonly pending = new Map<string, Connection>();
  /** All connections that have begun a handshake, by their own socket. */
  private readonly started = new WeakMap<Socket, Connection>();

  /** `onFailed` is called when `connection` closes during the handshake. */
  add(connection: Connection, onFailed: () => void): void {
    const key = keyOf(connection.socket);
    this.pending.set(key, connection);
    this.started.set(connection.socket, connection);
    connection.socket.once('close', () => {
      if (this.remove(key, connection)) onFailed();
    });
  }

  /** The connection with this socket, also after its handshake and when it is closed. */
  of(socket: Socket): Connection | undefined {
    return this.started.get(socket);
  }

  /** The connection below this TLS socket; undefined if its handshake is over. */
  find(socket: TLSSocket): Connection | undefined {
    return this.pending.get(keyOf(socket));
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

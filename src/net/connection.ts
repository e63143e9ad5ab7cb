import type { Socket } from 'node:net';
import type { Client, CloseReason, Identity } from '../router/index.ts';
import type { ConcurrencyLimiter, RpcConnection } from '../rpc/index.ts';
import { canonicalAddress } from './addresses.ts';

/** An accepted TCP connection. */
export class Connection implements RpcConnection {
  readonly clients = new Set<Client>();
  readonly socket: Socket;
  /** Address and port of the client; behind a proxy with the PROXY protocol, those that it reports. */
  remote: string;
  /** IP address of the client; empty if it is unknown. */
  address: string;
  /** Principal of the calls without a token of their own; null until a valid token was presented. */
  identity: Identity | null = null;
  identities: Map<string, Identity> | null = null;
  /** First header that indicated an HTTP proxy, which may mix the calls of several clients; null without one. */
  proxyHeader: string | null = null;
  /** Size of the PROXY protocol header in front of its data. */
  proxyHeaderBytes = 0;
  isExclusive = false;
  listings: ConcurrencyLimiter | null = null;
  /** Closes the connection by a handshake of its protocol, if it has one; null destroys the socket. */
  closeHandshake: { close(reason: CloseReason): void } | null = null;
  /** Reason given by the router if it closes the connection. */
  closeReason: CloseReason = 'connectionLost';

  constructor(socket: Socket) {
    this.socket = socket;
    // read now: a socket closed by the peer has no address
    this.remote = remoteOf(socket);
    this.address = canonicalAddress(socket.remoteAddress ?? '');
  }

  /** Whether the peer has sent more than a PROXY protocol header: a port check has not. */
  get hasSentData(): boolean {
    return this.socket.bytesRead > this.proxyHeaderBytes;
  }

  /** Replaces the address of the proxy by that of its client. */
  setClient(address: string, port: number): void {
    this.address = canonicalAddress(address);
    this.remote = remoteOf({ remoteAddress: this.address, remotePort: port });
  }

  /** Closes the connection; its clients are removed with `reason`. */
  destroy(reason: CloseReason): void {
    this.closeReason = reason;
    if (this.closeHandshake === null) this.socket.destroy();
    else this.closeHandshake.close(reason);
  }
}

/** `10.0.0.7:50412`, also where a socket for IPv6 and IPv4 reports it as `::ffff:10.0.0.7`; `[2001:db8::7]:50412`. */
export function remoteOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? 'unknown';
  return `${address.includes(':') ? `[${address}]` : address}:${remotePort ?? '?'}`;
}

/** Open connections in the order they were accepted. */
export class Connections {
  private readonly open = new Set<Connection>();

  get count(): number {
    return this.open.size;
  }

  add(connection: Connection): void {
    this.open.add(connection);
  }

  remove(connection: Connection): void {
    this.open.delete(connection);
  }

  newestFirst(): Connection[] {
    return [...this.open].reverse();
  }
}

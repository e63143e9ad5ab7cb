import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Client, CloseReason } from '../router/index.ts';
import type { ConcurrencyLimiter, RpcConnection } from '../rpc/index.ts';

/** An accepted TCP connection. */
export class Connection implements RpcConnection {
  readonly clients = new Set<Client>();
  readonly socket: Socket;
  readonly remote: string;
  /** Addresses of both ends, for lookups; null if none are needed. */
  key: string | null = null;
  /** Unguessable value that replaces `:authority`, so that a call can be matched to its connection; null if not needed. */
  secretAuthority: string | null = null;
  /** Credential of the token presented on this connection; null without one. */
  credential: string | null = null;
  /** First header that indicated an HTTP proxy, which may mix the calls of several clients; null without one. */
  proxyHeader: string | null = null;
  listings: ConcurrencyLimiter | null = null;
  /** Reason given by the router if it closes the connection. */
  closeReason: CloseReason = 'connectionLost';

  constructor(socket: Socket) {
    this.socket = socket;
    // read now: a socket closed by the peer has no address
    this.remote = remoteOf(socket);
  }

  makeSecretAuthority(): string {
    this.secretAuthority ??= randomBytes(16).toString('hex');
    return this.secretAuthority;
  }

  /** Destroys the connection; its clients are removed with `reason`. */
  destroy(reason: CloseReason): void {
    this.closeReason = reason;
    this.socket.destroy();
  }
}

/** `10.0.0.7:50412`, also where a socket for IPv6 and IPv4 reports it as `::ffff:10.0.0.7`; `[2001:db8::7]:50412`. */
export function remoteOf({ remoteAddress, remotePort }: EndPoints): string {
  const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? 'unknown';
  return `${address.includes(':') ? `[${address}]` : address}:${remotePort ?? '?'}`;
}

/** Addresses and ports of both ends, as far as known. */
export interface EndPoints {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Unique among open connections, also from behind one NAT or on several local addresses. */
export function connectionKey(ends: EndPoints): string {
  return `${ends.localAddress} ${ends.localPort} ${ends.remoteAddress} ${ends.remotePort}`;
}

/** Open connections in the order they were accepted. */
export class Connections {
  private readonly open = new Set<Connection>();
  private readonly byKey = new Map<string, Connection>();
  private readonly bySecret = new Map<string, Connection>();
  private readonly findable: boolean;

  /** `findable`: whether calls or TLS sockets are matched to their connection by `find`. */
  constructor(findable: boolean) {
    this.findable = findable;
  }

  get count(): number {
    return this.open.size;
  }

  add(connection: Connection): void {
    this.open.add(connection);
    if (!this.findable) return;
    connection.key = connectionKey(connection.socket);
    this.byKey.set(connection.key, connection);
  }

  /** Makes `connection` findable by the authority that its calls are given. */
  addSecret(connection: Connection): string {
    const secret = connection.makeSecretAuthority();
    this.bySecret.set(secret, connection);
    return secret;
  }

  remove(connection: Connection): void {
    this.open.delete(connection);
    const { key } = connection;
    if (key !== null && this.byKey.get(key) === connection) this.byKey.delete(key);
    if (connection.secretAuthority !== null) this.bySecret.delete(connection.secretAuthority);
  }

  /** The connection of a call. */
  find(authority: string, ends: EndPoints): Connection | undefined {
    return this.bySecret.get(authority) ?? this.byKey.get(connectionKey(ends));
  }

  newestFirst(): Connection[] {
    return [...this.open].reverse();
  }
}

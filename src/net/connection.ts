import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Client, CloseReason } from '../router/index.ts';
import type { ConcurrencyLimiter, RpcConnection } from '../rpc/index.ts';

/** A TCP connection that was let in. */
export class Connection implements RpcConnection {
  readonly clients = new Set<Client>();
  readonly socket: Socket;
  readonly remote: string;
  /** Both ends of the connection: what it is found by, where it has to be. */
  key: string | null = null;
  /** Stands in for an empty `:authority`, and tells the calls of a patched connection; nobody can guess it. */
  secretAuthority: string | null = null;
  /** Credential of the token that this connection has proven; null while it has proven none. */
  credential: string | null = null;
  /** First header by which a request on it showed an HTTP proxy, which may mix the calls of several clients; else null. */
  proxyHeader: string | null = null;
  listings: ConcurrencyLimiter | null = null;
  /** Why the router closes it, when it does. */
  closeReason: CloseReason = 'connectionLost';

  constructor(socket: Socket) {
    this.socket = socket;
    // read now: a socket that the peer has closed has none any more
    this.remote = remoteOf(socket);
  }

  makeSecretAuthority(): string {
    this.secretAuthority ??= randomBytes(16).toString('hex');
    return this.secretAuthority;
  }

  /** Cuts the connection; its clients are removed with `reason`. */
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

/** The addresses and ports of both ends, as far as they are known. */
export interface EndPoints {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Distinct for connections that exist at the same time, also behind one NAT or on several local addresses. */
export function connectionKey(ends: EndPoints): string {
  return `${ends.localAddress} ${ends.localPort} ${ends.remoteAddress} ${ends.remotePort}`;
}

/** The connections that are open, in the order they came. */
export class Connections {
  private readonly open = new Set<Connection>();
  private readonly byKey = new Map<string, Connection>();
  private readonly bySecret = new Map<string, Connection>();
  private readonly findable: boolean;

  /** `findable`: calls, or what TLS makes of a socket, have to be told to which connection they belong. */
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

  /** Lets calls find `connection` by the authority that is put into them. */
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

  /** The connection that a call came on. */
  find(authority: string, ends: EndPoints): Connection | undefined {
    return this.bySecret.get(authority) ?? this.byKey.get(connectionKey(ends));
  }

  /** The newest first. */
  newestFirst(): Connection[] {
    return [...this.open].reverse();
  }
}

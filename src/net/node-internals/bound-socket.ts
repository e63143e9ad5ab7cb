import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, isIPv6 } from 'node:net';
import { getSystemErrorMap } from 'node:util';

/** A bound TCP socket that this process neither listens on nor accepts from. */
export interface BoundSocket {
  /** For `ChildProcess.send`, and in the child for `Server.listen`. */
  readonly handle: object;
  readonly address: AddressInfo;
  close(): void;
}

interface TcpHandle {
  getsockname(address: Partial<AddressInfo>): number;
  close(): void;
}

type CreateServerHandle = (address: string, port: number, family: 4 | 6) => TcpHandle | number;

/** True when this version of Node.js can bind a socket without accepting connections on it. */
export function canBindSocket(): boolean {
  return createServerHandle() !== null;
}

/**
 * Binds a socket for child processes to listen on. A `net.Server` would accept connections in this process as well.
 * Rejects with an error like those of `Server.listen`.
 */
export async function bindSocket(host: string, port: number): Promise<BoundSocket> {
  const create = createServerHandle();
  if (create === null) throw new Error(`Node.js ${process.versions.node} cannot bind a socket for several processes`);
  const { address } = await lookup(host);
  const handle = create(address, port, isIPv6(address) ? 6 : 4);
  if (typeof handle === 'number') throw listenError(handle, address, port);
  const bound: Partial<AddressInfo> = {};
  handle.getsockname(bound);
  // libuv reports a port that is in use only when the handle listens; until then the socket has no port
  if (!bound.port) {
    handle.close();
    throw listenError('EADDRINUSE', address, port);
  }
  return { handle, address: bound as AddressInfo, close: () => handle.close() };
}

function createServerHandle(): CreateServerHandle | null {
  const { _createServerHandle: create } = net as unknown as { _createServerHandle?: CreateServerHandle };
  return typeof create === 'function' ? create : null;
}

function listenError(cause: number | string, address: string, port: number): Error {
  const code = typeof cause === 'string' ? cause : (getSystemErrorMap().get(cause)?.[0] ?? String(cause));
  return Object.assign(new Error(`listen ${code}: ${address}:${port}`), { code, address, port, syscall: 'listen' });
}

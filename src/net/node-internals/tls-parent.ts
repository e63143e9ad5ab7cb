import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * The TCP socket below a TLS socket. Its address was read when it was accepted and stays available after it was closed;
 * a TLS socket has none by then. Without the internal property the TLS socket itself.
 */
export function rawSocketOf(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent ?? socket;
}

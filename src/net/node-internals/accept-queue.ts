import { type Server, Socket } from 'node:net';
import type { TickQueue } from '../tick-queue.ts';

type OnConnection = (error: number, client: unknown) => void;

/**
 * Makes connections that come at once wait for their turn. Node accepts all that are pending in one turn of the event loop,
 * and offers no way to say otherwise: so what it does with each is put off. Without the internals that this needs,
 * nothing is changed: a burst then takes one long turn, and no more.
 */
export function paceAccepting(server: Server, pacer: TickQueue): void {
  const { _handle: handle } = server as unknown as { _handle?: { onconnection?: OnConnection } };
  const accept = handle?.onconnection;
  if (handle === undefined || typeof accept !== 'function') return;
  handle.onconnection = (error, client) => pacer.run(() => accept.call(handle, error, client));
}

/**
 * Makes what a peer's good-bye or reset sets off wait for its turn. The reaction to it, in node:http2 and in the router, is
 * what costs; when a host with thousands of clients goes away, all of that would otherwise happen in one turn.
 */
export function paceClosing(socket: Socket, pacer: TickQueue): void {
  const paced = socket as PacedSocket;
  paced[PACER] = pacer;
  paced.push = pacedPush;
  paced.destroy = pacedDestroy;
}

// Functions that all sockets share, because there are thousands of them.

const PACER = Symbol('pacer');
type PacedSocket = Socket & { [PACER]: TickQueue };

function pacedPush(this: PacedSocket, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk !== null) return Socket.prototype.push.call(this, chunk, encoding);
  if (this._read === readNothing) return false;
  const read = this._read;
  this._read = readNothing; // else the end is read again and again meanwhile
  this[PACER].run(() => {
    this._read = read;
    Socket.prototype.push.call(this, null);
    this.read(0); // makes a stream that nobody reads notice its end, as Node's own reader does
  });
  return false;
}

function pacedDestroy(this: PacedSocket, error?: Error): PacedSocket {
  if (error === undefined || error === null) Socket.prototype.destroy.call(this);
  else this[PACER].run(() => Socket.prototype.destroy.call(this, error));
  return this;
}

function readNothing(): void {}

import { Socket } from 'node:net';
import type { TickQueue } from './tick-queue.ts';

const QUEUE = Symbol('queue');
type QueuedSocket = Socket & { [QUEUE]: TickQueue };

/**
 * Runs the destruction of `socket` after an error (ECONNRESET) in `queue`. Otherwise the cleanup for a host that disconnects
 * with thousands of clients would run in one tick.
 */
export function throttleResets(socket: Socket, queue: TickQueue): void {
  const queued = socket as QueuedSocket;
  queued[QUEUE] = queue;
  queued.destroy = destroy; // shared rather than a closure: there are thousands of sockets
}

function destroy(this: QueuedSocket, error?: Error): QueuedSocket {
  if (error === undefined || error === null) Socket.prototype.destroy.call(this);
  else this[QUEUE].run(() => Socket.prototype.destroy.call(this, error));
  return this;
}

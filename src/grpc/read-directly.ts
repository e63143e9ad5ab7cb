import { Socket } from 'node:net';

/** Takes what a socket reads. */
export interface SocketReader {
  /** Takes a chunk; false when no more is wanted until `readOn`. */
  receive(chunk: Buffer): boolean;
  /** The peer has said that it sends nothing more. */
  ended(): void;
}

/**
 * Hands each chunk to `reader` as the kernel delivers it, past the Readable's buffer, its ticks and its events, which cost as
 * much as routing a message. Should Node ever not call `push` any more, chunks come by the usual events.
 */
export function readDirectly(socket: Socket, reader: SocketReader): void {
  const direct = socket as DirectSocket;
  direct[READER] = reader;
  direct.push = push;
  socket.on('data', onData);
  socket.on('end', onEnd);
}

/** Reads on after a chunk that was not followed by more. */
export function readOn(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.isPaused()) socket.resume();
  else socket._read(0);
}

// Functions that all sockets share, because there are thousands of them.

const READER = Symbol('reader');
type DirectSocket = Socket & { [READER]: SocketReader };

function push(this: DirectSocket, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk !== null && this.readableLength > 0) return Socket.prototype.push.call(this, chunk, encoding);
  if (chunk !== null) return this[READER].receive(chunk);
  this[READER].ended();
  return false;
}

function onData(this: Socket, chunk: Buffer): void {
  if (!(this as DirectSocket)[READER].receive(chunk)) this.pause();
}

function onEnd(this: Socket): void {
  (this as DirectSocket)[READER].ended();
}

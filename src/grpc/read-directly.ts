import { Socket } from 'node:net';

/** Takes what a socket reads. */
export interface SocketReader {
  receive(chunk: Buffer): void;
  /** The peer has said that it sends nothing more. */
  ended(): void;
}

/**
 * Hands each chunk to `reader` as the kernel delivers it, past the Readable's buffer, its ticks and its events, which cost as
 * much as routing a message. The reader takes everything at once, so there is nothing to hold back. Should Node ever not
 * call `push` any more, chunks come by the usual events.
 */
export function readDirectly(socket: Socket, reader: SocketReader): void {
  const direct = socket as DirectSocket;
  direct[READER] = reader;
  direct.push = push;
  socket.on('data', onData);
  socket.on('end', onEnd);
}

// Functions that all sockets share, because there are thousands of them.

const READER = Symbol('reader');
type DirectSocket = Socket & { [READER]: SocketReader };

function push(this: DirectSocket, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk !== null && this.readableLength > 0) return Socket.prototype.push.call(this, chunk, encoding);
  if (chunk === null) this[READER].ended();
  else this[READER].receive(chunk);
  return true;
}

function onData(this: Socket, chunk: Buffer): void {
  (this as DirectSocket)[READER].receive(chunk);
}

function onEnd(this: Socket): void {
  (this as DirectSocket)[READER].ended();
}

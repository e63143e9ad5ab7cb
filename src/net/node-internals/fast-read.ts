import { Socket } from 'node:net';

/** Receives the bytes of a socket. */
export interface SocketReader {
  /** Processes a chunk; returns false to pause reading until `readOn`. */
  receive(chunk: Buffer): boolean;
  /** EOF. The reader destroys the socket. */
  ended(): void;
}

/**
 * Passes each chunk to `reader`. With `isFast` it bypasses the buffer, ticks and events of the Readable, which cost as much as
 * routing a message. Otherwise it uses the 'data' event, which also serves as a fallback if Node stops calling `push`.
 */
export function attachReader(socket: Socket, reader: SocketReader, isFast: boolean): void {
  const direct = socket as DirectSocket;
  direct[READER] = reader;
  if (isFast) {
    direct[USUAL_PUSH] = direct.push;
    direct.push = push;
    hookEnd(direct, reader);
  } else socket.allowHalfOpen = true; // else Node closes the socket at EOF, while the reader may still have unread bytes
  socket.on('data', onData);
  socket.on('end', onEnd);
}

/** Undoes `attachReader`, so that the socket can be passed to another user of its stream interface. */
export function detachReader(socket: Socket): void {
  const direct = socket as DirectSocket;
  const { _handle: handle } = direct;
  const usualPush = direct[USUAL_PUSH];
  if (usualPush !== undefined) direct.push = usualPush;
  if (handle?.[ON_READ] !== undefined) handle.onread = handle[ON_READ];
  socket.off('data', onData);
  socket.off('end', onEnd);
  // the stream still has its reading flag set, although a refused chunk has stopped the read
  if (usualPush !== undefined && !socket.destroyed) socket._read(0);
}

/** Pauses reading until `readOn`. */
export function readLater(socket: Socket): void {
  const { _handle: handle } = socket as DirectSocket;
  if (!isFast(socket) || typeof handle?.readStop !== 'function') {
    socket.pause();
    return;
  }
  handle.readStop();
  handle.reading = false; // Node checks this before it starts to read
}

/** Resumes reading after `readLater`, or after a chunk for which `receive` returned false. */
export function readOn(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.isPaused()) socket.resume();
  else if (isFast(socket)) socket._read(0);
}

function isFast(socket: Socket): boolean {
  return socket.push === push;
}

/**
 * Reports EOF to `reader` before the socket handles it, since thousands of EOFs can arrive in one event-loop tick. A reset
 * counts as EOF: the bytes before it have been read.
 */
function hookEnd({ _handle: handle }: DirectSocket, reader: SocketReader): void {
  if (typeof handle?.onread !== 'function') return;
  handle[READER] = reader;
  handle[ON_READ] = handle.onread;
  handle.onread = onRead;
}

// Shared functions rather than closures: there are thousands of sockets.

const READER = Symbol('reader');
const ON_READ = Symbol('onread');
const USUAL_PUSH = Symbol('push');
type DirectSocket = Socket & {
  [READER]: SocketReader;
  [USUAL_PUSH]?: Socket['push'];
  readonly _handle?: Handle | null;
};
type OnRead = (this: Handle, bytes?: ArrayBuffer) => unknown;
interface Handle {
  reading?: boolean;
  readStop?(): number;
  onread?: OnRead;
  [READER]?: SocketReader;
  [ON_READ]?: OnRead;
}

function onRead(this: Handle, bytes?: ArrayBuffer): unknown {
  if (bytes !== undefined) return this[ON_READ]?.(bytes);
  this[READER]?.ended();
  return undefined;
}

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

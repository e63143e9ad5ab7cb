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
  endDirectly(direct, reader);
  socket.on('data', onData);
  socket.on('end', onEnd);
}

/** Reads nothing more until `readOn`. A socket that cannot be told so is read on. */
export function readLater(socket: Socket): void {
  const { _handle: handle } = socket as DirectSocket;
  if (typeof handle?.readStop !== 'function') return;
  handle.readStop();
  handle.reading = false; // what Node goes by when it is to read on
}

/** Reads on after `readLater`, or after a chunk that was not followed by more. */
export function readOn(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.isPaused()) socket.resume();
  else socket._read(0);
}

/**
 * Tells `reader` of the end before the socket does all that it has to for it, since thousands of ends can come in one turn of
 * the event loop. A reset is an end as well: what came before it has been read.
 */
function endDirectly({ _handle: handle }: DirectSocket, reader: SocketReader): void {
  if (typeof handle?.onread !== 'function') return;
  handle[READER] = reader;
  handle[ON_READ] = handle.onread;
  handle.onread = onRead;
}

// Functions that all sockets share, because there are thousands of them.

const READER = Symbol('reader');
const ON_READ = Symbol('onread');
type DirectSocket = Socket & { [READER]: SocketReader; readonly _handle?: Handle | null };
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

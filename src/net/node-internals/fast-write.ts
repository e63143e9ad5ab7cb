import type { Socket } from 'node:net';

type Written = (error?: Error | null) => void;

/** Writes to a socket. At most one write per socket is in flight; `written` is called once, with an error if it failed. */
export interface SocketWriter {
  write(socket: Socket, bytes: Buffer, written: Written): void;
  /** Writes all `pieces` in order, with one system call if possible. */
  writeAll(socket: Socket, pieces: readonly Buffer[], written: Written): void;
}

/**
 * Calls `_write` and `_writev` past the Writable's queue, which would double the cost of a write. With one write at a time
 * that queue is always empty, so the order is kept. A destroyed socket completes the write with an error.
 */
const FAST_WRITER: SocketWriter = {
  write(socket, bytes, written) {
    socket._write(bytes, NO_ENCODING, written);
  },
  writeAll(socket, pieces, written) {
    if (socket._writev === undefined) PLAIN_WRITER.writeAll(socket, pieces, written);
    else
      socket._writev(
        pieces.map((chunk) => ({ chunk, encoding: NO_ENCODING })),
        written,
      );
  },
};

/** Writes through the documented API. */
const PLAIN_WRITER: SocketWriter = {
  write(socket, bytes, written) {
    socket.write(bytes, written);
  },
  writeAll(socket, pieces, written) {
    const last = pieces.length - 1;
    socket.cork();
    for (const [index, piece] of pieces.entries()) socket.write(piece, index === last ? written : ignore);
    socket.uncork();
  },
};

/** The writer for all sockets of a router. */
export function socketWriter(isFast: boolean): SocketWriter {
  return isFast ? FAST_WRITER : PLAIN_WRITER;
}

/** The encoding that a Writable passes on for a Buffer. */
const NO_ENCODING = 'buffer' as BufferEncoding;

function ignore(): void {}

import type { Socket } from 'node:net';
import { type ProxyHeader, parseProxyHeader } from './proxy-header.ts';

/** Results of reading a PROXY protocol header. */
export interface ProxyHeaderHandler {
  /** The header is complete and removed from `socket`. */
  onHeader(header: ProxyHeader): void;
  /** The header is malformed, incomplete or late. Not called for a connection that closes without a byte. */
  onFailed(reason: 'proxyProtocol' | 'handshakeTimeout', details: string): void;
}

/** Reads the header at the start of `socket`, of which nothing has been read. Bytes behind it stay in the socket. */
export function readProxyHeader(socket: Socket, timeoutMs: number, handler: ProxyHeaderHandler): void {
  let received: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => fail('handshakeTimeout', 'PROXY protocol header'), timeoutMs).unref();
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', stop);
  };
  const fail = (reason: 'proxyProtocol' | 'handshakeTimeout', details: string): void => {
    stop();
    handler.onFailed(reason, details);
    socket.destroy();
  };
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    received = Buffer.concat([received, chunk]);
    let header: ReturnType<typeof parseProxyHeader>;
    try {
      header = parseProxyHeader(received);
    } catch (error) {
      fail('proxyProtocol', error instanceof Error ? error.message : String(error));
      return;
    }
    if (header === null) return;
    stop();
    if (received.length > header.bytes) socket.unshift(received.subarray(header.bytes));
    handler.onHeader(header);
  };
  const onEnd = (): void => {
    // a port check connects and closes without sending anything
    if (received.length > 0) fail('proxyProtocol', 'incomplete PROXY header');
    else {
      stop();
      socket.destroy();
    }
  };
  socket.on('readable', onReadable).on('end', onEnd).on('close', stop);
}

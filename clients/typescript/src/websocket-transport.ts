import { RouterError } from './errors.ts';
import { frame, unframe } from './framing.ts';
import { statusError } from './status.ts';
import type { ClientStream, StreamHandler, Transport, TransportOptions } from './transport.ts';

/** The part of the browser's WebSocket that is used; `ws` and Node's own have it, too. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: (event: unknown) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

const HEAD_BYTES = 5;
const FLAG_END = 1;
const FLAG_METADATA = 2;
/** Opens a connection on `socket`, which is connecting; resolves when it is open. */
export function openWebSocket(socket: WebSocketLike, options: TransportOptions): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const transport = new WebSocketTransport(socket, options);
    const timer = setTimeout(() => {
      socket.close();
      reject(new RouterError('unreachable', `No connection within ${options.connectTimeoutMs} ms`));
    }, options.connectTimeoutMs);
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      resolve(transport);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(timer);
      const error = new RouterError(
        'unreachable',
        `The connection was closed (${code}${reason === '' ? '' : `: ${reason}`})`,
      );
      reject(error);
      transport.closed(error);
    });
    // an error is always followed by close, which has the details that browsers give
    socket.addEventListener('error', () => {});
  });
}

/** Calls as rpc_dart multiplexes them over WebSocket: see docs/websocket.md of the router. */
class WebSocketTransport implements Transport {
  private readonly socket: WebSocketLike;
  private readonly options: TransportOptions;
  private readonly calls = new Map<number, StreamHandler>();
  private nextStreamId = 1;
  private isOpen = true;

  constructor(socket: WebSocketLike, options: TransportOptions) {
    this.socket = socket;
    this.options = options;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.receive(new Uint8Array(data));
    });
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  open(method: string, handler: StreamHandler): ClientStream {
    const streamId = this.nextStreamId;
    this.nextStreamId += 2;
    if (!this.isOpen) {
      queueMicrotask(() => handler.onEnd(new RouterError('unreachable', 'The connection is closed')));
      return { write() {}, end() {} };
    }
    this.calls.set(streamId, handler);
    this.send(metadataMessage(streamId, method));
    return {
      write: (body) => this.send(frame(head(streamId, 0), body)),
      end: () => this.send(head(streamId, FLAG_END)),
    };
  }

  close(): void {
    // WebSocket sends what is buffered before its close frame
    this.isOpen = false;
    this.socket.close(1000);
  }

  /** The socket is closed: ends every call. */
  closed(error: RouterError): void {
    this.isOpen = false;
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const handler of calls) handler.onEnd(error);
    this.options.onClose(error);
  }

  private send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.isOpen) this.socket.send(bytes);
  }

  private receive(bytes: Uint8Array): void {
    if (bytes.length < HEAD_BYTES) return;
    const streamId = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
    const flags = bytes[4] as number;
    const handler = this.calls.get(streamId);
    if (handler === undefined) return;
    if ((flags & FLAG_METADATA) === 0) this.receiveData(handler, bytes);
    if ((flags & FLAG_END) === 0) return;
    this.calls.delete(streamId);
    handler.onEnd((flags & FLAG_METADATA) === 0 ? null : trailerError(bytes));
  }

  private receiveData(handler: StreamHandler, bytes: Uint8Array): void {
    const messages = unframe(bytes, HEAD_BYTES);
    if (messages === null) {
      this.socket.close(1002, 'malformed message');
      return;
    }
    for (const message of messages) handler.onMessage(message);
  }
}

function head(streamId: number, flags: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD_BYTES);
  new DataView(bytes.buffer).setUint32(0, streamId);
  bytes[4] = flags;
  return bytes;
}

function metadataMessage(streamId: number, method: string): Uint8Array<ArrayBuffer> {
  const path = `/router/${method}`;
  const headers = [
    { name: ':method', value: 'POST' },
    { name: ':path', value: path },
    { name: ':scheme', value: 'http' },
    { name: ':authority', value: '' },
    { name: 'content-type', value: 'application/grpc' },
    { name: 'te', value: 'trailers' },
  ];
  const json = new TextEncoder().encode(JSON.stringify({ headers, methodPath: path }));
  const bytes = new Uint8Array(HEAD_BYTES + json.length);
  bytes.set(head(streamId, FLAG_METADATA));
  bytes.set(json, HEAD_BYTES);
  return bytes;
}

function trailerError(bytes: Uint8Array): RouterError | null {
  try {
    const { headers } = JSON.parse(new TextDecoder().decode(bytes.subarray(HEAD_BYTES))) as {
      headers: { name: string; value: string }[];
    };
    const find = (name: string): string => headers.find((header) => header.name === name)?.value ?? '';
    const status = find('grpc-status');
    return status === '0' ? null : statusError(status, find('grpc-message'));
  } catch (error) {
    return new RouterError('protocol', 'Unreadable trailers', { cause: error });
  }
}

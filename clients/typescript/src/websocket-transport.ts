import { asRouterError, RouterError } from './errors.ts';
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
    // WebSocket sends buffered data before its close frame
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
    const isEnd = (flags & FLAG_END) !== 0;
    let error: RouterError | null = null;
    try {
      if ((flags & FLAG_METADATA) === 0) for (const message of messagesIn(bytes)) handler.onMessage(message);
      else error = statusOf(bytes);
    } catch (problem) {
      this.socket.close(1002, 'malformed message');
      error = asRouterError(problem, 'protocol');
      if (!isEnd) return;
    }
    if (!isEnd) return;
    this.calls.delete(streamId);
    handler.onEnd(error);
  }
}

/** The messages of a data frame. rpc_dart may frame each of them again; a body, which is a CBOR map, never begins with 0. */
function messagesIn(bytes: Uint8Array): Uint8Array[] {
  return framesIn(bytes, HEAD_BYTES).flatMap((frame) => (frame[0] === 0 ? framesIn(frame, 0) : [frame]));
}

function framesIn(bytes: Uint8Array, start: number): Uint8Array[] {
  const frames = unframe(bytes, start);
  if (frames === null) throw new RouterError('protocol', 'A frame is malformed');
  return frames;
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

/** The error of trailers; null for the status OK, and for initial metadata. */
function statusOf(bytes: Uint8Array): RouterError | null {
  const { headers } = JSON.parse(new TextDecoder().decode(bytes.subarray(HEAD_BYTES))) as {
    headers: { name: string; value: string }[];
  };
  const find = (name: string): string => headers.find((header) => header.name === name)?.value ?? '';
  const status = find('grpc-status');
  return status === '0' || status === '' ? null : statusError(status, find('grpc-message'));
}

import { parseTimeoutMs, type TransportDependencies } from '../grpc/index.ts';
import type { Connection } from '../net/index.ts';
import { METHOD_BY_PATH, type RpcMethod } from '../rpc/index.ts';
import { detectEnvelope } from './detect-envelope.ts';
import { type Envelope, emptyMessage, type Header } from './envelope.ts';
import { type StreamHost, WebSocketStream } from './websocket-stream.ts';

/** As on HTTP/2. */
const MAX_STREAMS = 512;
/** Shorter messages carry no envelope and are ignored. */
const MIN_MESSAGE_BYTES = 5;
const MAX_QUOTED_CHARS = 100;

/** The last parsed message: parsing is synchronous, so that all connections share it. */
const message = emptyMessage();

/** `ignored`: the message has no effect. Other texts: a violation of the protocol. */
export type MessageResult = 'ok' | 'ignored' | 'Malformed metadata' | 'The first message opens no call of rpc_dart';

export interface StreamTableOptions {
  readonly connection: Connection;
  /** `Authorization` header of the handshake; applies to every call. */
  readonly authorization: string | null;
  readonly deps: TransportDependencies;
}

/** The open calls of one WebSocket, and the generation of its envelope. */
export class StreamTable {
  private readonly host: StreamHost;
  private readonly options: StreamTableOptions;
  private readonly streams = new Map<number, WebSocketStream>();
  private envelope: Envelope | null = null;
  private lastStreamId = 0;

  constructor(host: StreamHost, options: StreamTableOptions) {
    this.host = host;
    this.options = options;
  }

  get size(): number {
    return this.streams.size;
  }

  delete(stream: WebSocketStream): void {
    this.streams.delete(stream.id);
  }

  closeAll(): void {
    for (const stream of [...this.streams.values()]) stream.close();
  }

  /** Processes the binary message `bytes[start..end)`: opens a call, or passes it to its call. */
  receive(bytes: Buffer, start: number, end: number): MessageResult {
    if (end - start < MIN_MESSAGE_BYTES) return 'ignored';
    this.envelope ??= detectEnvelope(bytes.subarray(start, end));
    const { envelope } = this;
    if (envelope === null) return 'The first message opens no call of rpc_dart';
    if (end - start > this.options.deps.options.maxHeaderBytes && envelope.isMetadata(bytes, start)) {
      this.refuseTooLarge(envelope, bytes.readUInt32BE(start));
      return 'ok';
    }
    const result = envelope.parse(bytes, start, end, message);
    if (result === 'ok') return this.dispatch(envelope, bytes, end);
    return result === 'ignored' ? 'ignored' : 'Malformed metadata';
  }

  private dispatch(envelope: Envelope, bytes: Buffer, end: number): MessageResult {
    const { streamId, isEnd, isMetadata, bodyStart } = message;
    let stream = this.streams.get(streamId);
    if (stream === undefined) {
      // the old generation half-closes by metadata, also when the call has ended meanwhile
      const opens = isMetadata && (!isEnd || streamId > this.lastStreamId);
      if (!opens) return 'ignored';
      stream = this.open(envelope, streamId, message.path ?? '', message.headers);
    } else if (!isMetadata) stream.onData(bytes, bodyStart, end);
    if (isEnd) stream.onEnd();
    return 'ok';
  }

  private open(envelope: Envelope, id: number, path: string, headers: readonly Header[]): WebSocketStream {
    const method = METHOD_BY_PATH.get(path) ?? null;
    const stream = this.addStream(envelope, id, path, method);
    const timeout = headerValue(headers, 'grpc-timeout');
    const timeoutMs = timeout === null ? Number.POSITIVE_INFINITY : parseTimeoutMs(timeout);
    if (this.streams.size > MAX_STREAMS) {
      stream.end('RESOURCE_EXHAUSTED', `Too many calls at a time: at most ${MAX_STREAMS} per connection`);
    } else if (timeoutMs === null) {
      stream.end('INVALID_ARGUMENT', `Malformed grpc-timeout: ${(timeout ?? '').slice(0, MAX_QUOTED_CHARS)}`);
    } else this.openCall(stream, path, headerValue(headers, 'authorization'), timeoutMs);
    return stream;
  }

  private openCall(stream: WebSocketStream, path: string, authorization: string | null, timeoutMs: number): void {
    // a WebSocket carries one client, also behind a proxy
    const request = { path, authorization: authorization ?? this.options.authorization, proxyHeader: null };
    const call = this.options.deps.openCall(this.options.connection, stream, request);
    if (call === null) {
      stream.end('UNIMPLEMENTED', `The server does not implement the method ${path.slice(0, MAX_QUOTED_CHARS)}`);
      return;
    }
    stream.attach(call);
    call.endAfter(timeoutMs);
  }

  private addStream(envelope: Envelope, id: number, path: string, method: RpcMethod | null): WebSocketStream {
    const stream = new WebSocketStream(this.host, envelope, id, path, method);
    this.streams.set(id, stream);
    this.lastStreamId = Math.max(this.lastStreamId, id);
    return stream;
  }

  private refuseTooLarge(envelope: Envelope, id: number): void {
    if (this.streams.has(id)) return;
    const details = `Headers too large: at most ${this.options.deps.options.maxHeaderBytes} bytes (max-header-bytes)`;
    this.addStream(envelope, id, '', null).end('RESOURCE_EXHAUSTED', details);
  }
}

function headerValue(headers: readonly Header[], name: string): string | null {
  return headers.find((header) => header.name === name)?.value ?? null;
}

import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { Metadata, status as Status } from '@grpc/grpc-js';
import type { Counters, EndStatus, Method, OutboundQueue, StreamOutlet } from '../router/index.ts';
import { frame, PREFIX_BYTES } from '../wire/index.ts';
import type { Connection } from './connection.ts';

/** The call object that grpc-js hands to an interceptor. */
export type BaseCall = Parameters<import('@grpc/grpc-js').ServerInterceptor>[1];

/** What a method does with one call. */
export interface CallHandler {
  /** The next bytes of the request stream, cut anywhere. */
  receive(chunk: Buffer): void;
  /** The client will send nothing more. */
  halfClosed(): void;
  /** The call is over, whoever ended it. */
  closed(): void;
  /** What the transport has to tell when it has taken a write; null for calls that answer once. */
  readonly queue: OutboundQueue | null;
}

export type OpenHandler = (call: RouterCall, metadata: Metadata) => CallHandler | null;

const RESPONSE_HEADERS = new Metadata();
// what the Dart clients expect, instead of grpc-js' `application/grpc+proto`
RESPONSE_HEADERS.set('content-type', 'application/grpc');

/**
 * One call of the router's service, served from a server interceptor: grpc-js owns connection, headers, trailers and
 * cancellation. Where the call has its Http2Stream at hand, messages are read from and written to that directly, which
 * halves the cost of a message; otherwise they go through the interceptor's public methods.
 */
export class RouterCall implements StreamOutlet {
  readonly method: Method;
  readonly connection: Connection;
  readonly startedMs: number;
  private readonly base: BaseCall;
  private readonly counters: Counters;
  /** Null: the public way. */
  private readonly stream: ServerHttp2Stream | null;
  private open: OpenHandler | null = null;
  private handler: CallHandler | null = null;
  private ending: { readonly code: EndStatus; readonly details: string } | null = null;
  private finished = false;
  private readonly onWritten = (): void => this.written();

  constructor(
    base: BaseCall,
    method: Method,
    connection: Connection,
    counters: Counters,
    stream: ServerHttp2Stream | null,
  ) {
    this.base = base;
    this.method = method;
    this.connection = connection;
    this.counters = counters;
    this.stream = stream;
    this.startedMs = performance.now();
  }

  /** Begins to read; `open` makes the handler, or ends the call and returns null. */
  serve(open: OpenHandler): void {
    this.open = open;
    this.base.start(this as Parameters<BaseCall['start']>[0]);
  }

  // What grpc-js tells its listener. The call is its own listener: closures would cost memory, per client.

  onReceiveMetadata(metadata: Metadata): void {
    this.handler = this.open?.(this, metadata) ?? null;
    this.open = null;
    if (this.handler !== null) this.read(this.handler);
  }

  onReceiveMessage(message: Buffer): void {
    this.handler?.receive(frame(message, 1));
    this.base.startRead();
  }

  onReceiveHalfClose(): void {
    this.handler?.halfClosed();
  }

  onCancel(): void {
    this.closed();
  }

  /** Sends the response headers ahead of the first message. */
  sendHeaders(): void {
    this.base.sendMetadata(RESPONSE_HEADERS);
  }

  write(batch: Buffer): void {
    if (this.finished) return;
    if (this.stream === null) this.writeMessages(batch);
    else if (this.stream.destroyed) return;
    // one write at a time and an end only behind it is what a Writable's own queue would see to: it can be left out
    else if (this.handler?.queue) this.stream._write(batch, NO_ENCODING, this.onWritten);
    else this.stream.write(batch);
  }

  /** True when nothing that is written will reach anybody any more. */
  get isOver(): boolean {
    return this.finished || this.handler === null;
  }

  /**
   * Writes one message in pieces, each when the one before is taken, and ends the call. A reader that takes none for
   * `deadlineMs` is cut off.
   */
  writePieces(pieces: Iterable<Buffer>, deadlineMs: number): void {
    if (this.stream === null) {
      this.writeMessages(Buffer.concat([...pieces]));
      this.end('OK', 'OK');
      return;
    }
    const { stream } = this;
    const remaining = pieces[Symbol.iterator]();
    const deadline = setTimeout(() => this.cut('Slow reader'), deadlineMs);
    const next = (): void => {
      const piece = remaining.next();
      if (!this.isOver && piece.done !== true && !stream.destroyed) {
        deadline.refresh();
        stream.write(piece.value, next);
        return;
      }
      clearTimeout(deadline);
      if (!this.isOver) this.end('OK', 'OK');
    };
    stream.once('close', () => clearTimeout(deadline));
    next();
  }

  end(code: EndStatus, details: string): void {
    if (this.ending !== null) return;
    this.ending = { code, details };
    if (this.handler?.queue?.isEmpty !== false) this.finish();
  }

  cut(_details: string): void {
    this.count('RESOURCE_EXHAUSTED');
    this.handler = null;
    // a connection that serves nobody else has no other use; only this closes a clogged one for certain
    if (this.stream === null || this.connection.clients.size === 0) this.connection.destroy('slowReaderBytes');
    else this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  private read(handler: CallHandler): void {
    if (this.stream !== null) {
      this.stream.removeAllListeners('data');
      this.stream.on('data', (chunk: Buffer) => handler.receive(chunk));
      bypassReadBuffer(this.stream, handler);
    }
    this.base.startRead();
  }

  private written(): void {
    const queue = this.handler?.queue;
    if (queue === null || queue === undefined) return;
    queue.written();
    if (this.ending !== null && queue.isEmpty) this.finish();
  }

  private finish(): void {
    if (this.finished || this.ending === null) return;
    const { code, details } = this.ending;
    this.count(code);
    this.base.sendMetadata(RESPONSE_HEADERS);
    this.base.sendStatus({ code: Status[code], details });
  }

  private closed(): void {
    this.count('CANCELLED');
    const { handler } = this;
    this.handler = null;
    handler?.closed();
  }

  private count(status: string): void {
    if (this.finished) return;
    this.finished = true;
    this.counters.callEnded(this.method, status);
    if (this.method !== 'p2p' && this.method !== 'events') {
      this.counters.unaryDuration[this.method].observe((performance.now() - this.startedMs) / 1000);
    }
  }

  /** The public way takes messages one by one, without their prefix. */
  private writeMessages(batch: Buffer): void {
    for (let pos = 0; pos < batch.length; ) {
      const end = pos + PREFIX_BYTES + batch.readUInt32BE(pos + 1);
      const isLast = end >= batch.length;
      this.base.sendMessage(batch.subarray(pos + PREFIX_BYTES, end), isLast ? this.onWritten : ignore);
      pos = end;
    }
  }
}

/** What a Writable passes on for a Buffer. */
const NO_ENCODING = 'buffer' as BufferEncoding;

function ignore(): void {}

/**
 * Hands each chunk to `handler` as the transport delivers it, past the Readable's buffer, its ticks and its events: they
 * cost as much as routing the message. The handler takes everything at once, so there is nothing to hold back; the end, and
 * chunks behind one that is buffered already, go the usual way.
 */
function bypassReadBuffer(stream: ServerHttp2Stream, handler: CallHandler): void {
  const push = stream.push;
  stream.push = (chunk: Buffer | null): boolean => {
    if (chunk === null || stream.readableLength > 0) return push.call(stream, chunk);
    handler.receive(chunk);
    return true;
  };
}

/**
 * The Http2Stream behind a call, which grpc-js does not declare public; null when it is not what this was written for.
 */
export function http2StreamOf(call: BaseCall): ServerHttp2Stream | null {
  const { stream } = call as unknown as { stream?: Partial<ServerHttp2Stream> };
  const isExpected =
    typeof stream === 'object' &&
    stream !== null &&
    typeof stream.write === 'function' &&
    typeof stream._write === 'function' &&
    typeof stream.push === 'function' &&
    typeof stream.close === 'function' &&
    typeof stream.respond === 'function' &&
    typeof stream.listenerCount === 'function' &&
    stream.listenerCount('data') === 1;
  return isExpected ? (stream as ServerHttp2Stream) : null;
}

import type { Connection } from '../net/index.ts';
import {
  type CloseReason,
  type Counters,
  type EndStatus,
  MAX_TIMER_MS,
  type SendQueue,
  type StreamTransport,
} from '../router/index.ts';
import type { RpcMethod } from '../rpc/index.ts';
import type { Framing } from '../wire/index.ts';
import type { CallRequest, CallStream } from './call-stream.ts';

/** Serves one call. */
export interface CallHandler {
  /** The next bytes of the request body, `bytes[start..end)`, cut anywhere. */
  receive(bytes: Buffer, start: number, end: number): void;
  /** End of the request body. */
  halfClosed(): void;
  /** The call is over, ended by either side. */
  closed(): void;
  /** The queue whose writes the transport completes; null for calls that answer once. */
  readonly queue: SendQueue | null;
  /** The last write is complete; for calls without a queue. */
  onWriteComplete?(): void;
}

export type OpenHandler = (call: ServerCall, request: CallRequest) => CallHandler | null;

/** The part of a request that has arrived before its handler exists. */
interface HeldRequest {
  readonly chunks: Buffer[];
  isEnded: boolean;
}

/** A response that is sent in chunks. */
interface ChunkedAnswer {
  readonly remaining: Iterator<Buffer>;
  readonly deadline: NodeJS.Timeout;
}

/**
 * One call: connects the stream that carries it with the handler that serves it. The stream calls the `on...` methods, the
 * handler the others.
 */
export class ServerCall implements StreamTransport {
  readonly connection: Connection;
  /** Method of the call; null for other services, whose calls are not counted. */
  private readonly method: RpcMethod | null;
  private readonly startedMs: number;
  private readonly counters: Counters;
  private readonly stream: CallStream;
  private handler: CallHandler | null = null;
  /** The request while the token of the call is being verified. */
  private held: HeldRequest | null = null;
  private ending: { readonly code: EndStatus; readonly details: string } | null = null;
  private chunks: ChunkedAnswer | null = null;
  private deadline: NodeJS.Timeout | null = null;
  private closedCallback: (() => void) | null = null;
  private counted = false;

  constructor(stream: CallStream, method: RpcMethod | null, connection: Connection, counters: Counters) {
    this.stream = stream;
    this.method = method;
    this.connection = connection;
    this.counters = counters;
    this.startedMs = performance.now();
  }

  /** Lets `open` create the handler, or end the call. */
  serve(open: OpenHandler, request: CallRequest): void {
    this.handler = open(this, request);
  }

  /** The same once `verification` has resolved; until then nothing more is read, and what is in flight is held. */
  serveAfter(verification: Promise<void>, open: OpenHandler, request: CallRequest): void {
    this.held = { chunks: [], isEnded: false };
    this.stream.pauseReading();
    void verification.then(() => this.release(open, request));
  }

  /** Ends the call with DEADLINE_EXCEEDED when it lasts longer. */
  endAfter(timeoutMs: number): void {
    if (timeoutMs > MAX_TIMER_MS || this.counted) return;
    this.deadline = setTimeout(() => this.end('DEADLINE_EXCEEDED', 'Deadline exceeded'), timeoutMs).unref();
  }

  /** Calls `run` when the call is over. */
  onceClosed(run: () => void): void {
    this.closedCallback = run;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.held === null) this.handler?.receive(bytes, start, end);
    else this.held.chunks.push(Buffer.from(bytes.subarray(start, end)));
  }

  onEnd(): void {
    if (this.held === null) this.handler?.halfClosed();
    else this.held.isEnded = true;
  }

  onWriteComplete(): void {
    const { handler, chunks } = this;
    // one chunk a tick: the socket may accept a long answer at once
    if (chunks !== null) setImmediate(() => this.nextChunk(chunks));
    else if (handler?.queue) {
      handler.queue.onWriteComplete();
      if (this.ending !== null && handler.queue.isEmpty) this.finish(this.ending);
    } else handler?.onWriteComplete?.();
  }

  onClosed(): void {
    this.count('CANCELLED');
    const { handler } = this;
    this.handler = null;
    this.held = null;
    if (this.chunks !== null) this.endChunks(this.chunks);
    if (this.deadline !== null) clearTimeout(this.deadline);
    handler?.closed();
    this.closedCallback?.();
    this.closedCallback = null;
  }

  /** See CallStream. */
  queueFraming(grpc: Framing): Framing {
    return this.stream.queueFraming(grpc);
  }

  /** Sends the response headers ahead of the first message. */
  sendHeaders(): void {
    this.stream.sendHeaders();
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (!this.counted) this.stream.write(first, rest, bytes);
  }

  /** True when nothing more can be sent. */
  get isOver(): boolean {
    return this.counted || this.handler === null;
  }

  /** Sends one framed message and ends the call. */
  answer(message: Buffer): void {
    this.sendHeaders();
    this.write(message, NO_BUFFERS, message.length);
    this.end('OK', 'OK');
  }

  /**
   * Sends one message in chunks, each in a separate tick after the previous write, and ends the call. A client that reads
   * nothing for `deadlineMs` is disconnected.
   */
  writeChunks(chunks: Iterable<Buffer>, deadlineMs: number): void {
    this.sendHeaders();
    this.chunks = {
      remaining: chunks[Symbol.iterator](),
      deadline: setTimeout(() => this.abort('slowReaderDeadline'), deadlineMs).unref(),
    };
    this.nextChunk(this.chunks);
  }

  end(code: EndStatus, details: string): void {
    if (this.ending !== null) return;
    this.ending = { code, details };
    if (this.handler?.queue?.isEmpty !== false) this.finish(this.ending);
  }

  abort(reason: CloseReason): void {
    this.count('RESOURCE_EXHAUSTED');
    this.handler = null;
    // no other client uses the connection
    if (this.connection.clients.size === 0 || !this.stream.reset()) this.connection.destroy(reason);
  }

  pauseReading(): void {
    this.stream.pauseReading();
  }

  resumeReading(): void {
    this.stream.resumeReading();
  }

  private release(open: OpenHandler, request: CallRequest): void {
    const { held } = this;
    if (held === null) return; // closed meanwhile
    this.held = null;
    if (!this.counted) this.handler = open(this, request);
    for (const chunk of held.chunks) this.handler?.receive(chunk, 0, chunk.length);
    if (held.isEnded) this.handler?.halfClosed();
    this.stream.resumeReading();
  }

  private nextChunk(chunks: ChunkedAnswer): void {
    if (this.chunks !== chunks) return;
    const { remaining, deadline } = chunks;
    const chunk = this.isOver ? DONE : remaining.next();
    if (chunk.done === true) {
      this.endChunks(chunks);
      if (!this.isOver) this.end('OK', 'OK');
      return;
    }
    deadline.refresh();
    this.stream.write(chunk.value, NO_BUFFERS, chunk.value.length);
  }

  private endChunks(chunks: ChunkedAnswer): void {
    clearTimeout(chunks.deadline);
    this.chunks = null;
  }

  private finish({ code, details }: { readonly code: EndStatus; readonly details: string }): void {
    if (this.counted) return;
    this.count(code);
    this.stream.sendHeaders();
    this.stream.end(code, details);
  }

  private count(status: string): void {
    if (this.counted) return;
    this.counted = true;
    const { method, counters } = this;
    if (method === null) return;
    counters.callEnded(method.name, status);
    if (method.kind !== 'unary') return;
    counters.durationsOf(method.name).observe((performance.now() - this.startedMs) / 1000);
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const NO_BUFFERS: readonly Buffer[] = [];

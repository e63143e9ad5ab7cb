import type { Counters, EndStatus, Method, SendQueue, StreamTransport } from '../router/index.ts';
import type { CallRequest, CallStream } from './call-stream.ts';
import type { Connection } from './connection.ts';

/** What a method does with one call. */
export interface CallHandler {
  /** The next bytes of the request body, `bytes[start..end)`, cut anywhere. */
  receive(bytes: Buffer, start: number, end: number): void;
  /** The client will send nothing more. */
  halfClosed(): void;
  /** The call is over, whoever ended it. */
  closed(): void;
  /** What the transport has to tell when it has taken a write; null for calls that answer once. */
  readonly queue: SendQueue | null;
  /** The transport has taken the last write; for those without a queue. */
  onWriteComplete?(): void;
}

export type OpenHandler = (call: ServerCall, request: CallRequest) => CallHandler | null;

/** An answer that is sent in pieces. */
interface Pieces {
  readonly remaining: Iterator<Buffer>;
  readonly deadline: NodeJS.Timeout;
}

/**
 * One call, between the stream that carries it and the handler that serves it. The stream calls the `on…` methods; a
 * handler answers by the others.
 */
export class ServerCall implements StreamTransport {
  /** Null for calls that are not of the router's own service. */
  readonly method: Method | null;
  readonly connection: Connection;
  private readonly startedMs: number;
  private readonly counters: Counters;
  private readonly stream: CallStream;
  private handler: CallHandler | null = null;
  private ending: { readonly code: EndStatus; readonly details: string } | null = null;
  private pieces: Pieces | null = null;
  private deadline: NodeJS.Timeout | null = null;
  private onceClosed: (() => void) | null = null;
  private counted = false;

  constructor(stream: CallStream, method: Method | null, connection: Connection, counters: Counters) {
    this.stream = stream;
    this.method = method;
    this.connection = connection;
    this.counters = counters;
    this.startedMs = performance.now();
  }

  /** Lets `open` make the handler, or end the call. */
  serve(open: OpenHandler, request: CallRequest): void {
    this.handler = open(this, request);
  }

  /** Ends the call with DEADLINE_EXCEEDED when it lasts longer. */
  endAfter(timeoutMs: number): void {
    if (timeoutMs > LONGEST_TIMER_MS || this.counted) return;
    this.deadline = setTimeout(() => this.end('DEADLINE_EXCEEDED', 'Deadline exceeded'), timeoutMs).unref();
  }

  /** Calls `run` when the call is over. */
  whenClosed(run: () => void): void {
    this.onceClosed = run;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.handler?.receive(bytes, start, end);
  }

  onEnd(): void {
    this.handler?.halfClosed();
  }

  onWriteComplete(): void {
    const { handler } = this;
    const { pieces } = this;
    // one a turn: the socket may take all of a long answer at once
    if (pieces !== null) setImmediate(() => this.nextChunk(pieces));
    else if (handler?.queue) {
      handler.queue.onWriteComplete();
      if (this.ending !== null && handler.queue.isEmpty) this.finish(this.ending);
    } else handler?.onWriteComplete?.();
  }

  onClosed(): void {
    this.count('CANCELLED');
    const { handler } = this;
    this.handler = null;
    if (this.pieces !== null) this.endChunks(this.pieces);
    if (this.deadline !== null) clearTimeout(this.deadline);
    handler?.closed();
    this.onceClosed?.();
    this.onceClosed = null;
  }

  /** Sends the response headers ahead of the first message. */
  sendHeaders(): void {
    this.stream.sendHeaders();
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (!this.counted) this.stream.write(first, rest, bytes);
  }

  /** True when nothing that is written will reach anybody any more. */
  get isOver(): boolean {
    return this.counted || this.handler === null;
  }

  /**
   * Writes one message in pieces, each in a turn of its own when the one before is taken, and ends the call. A reader that
   * takes none for `deadlineMs` is cut off.
   */
  writeChunks(pieces: Iterable<Buffer>, deadlineMs: number): void {
    const whole = this.stream.needsWholeMessages ? [Buffer.concat([...pieces])] : pieces;
    this.pieces = {
      remaining: whole[Symbol.iterator](),
      deadline: setTimeout(() => this.cut('Slow reader'), deadlineMs).unref(),
    };
    this.nextChunk(this.pieces);
  }

  end(code: EndStatus, details: string): void {
    if (this.ending !== null) return;
    this.ending = { code, details };
    if (this.handler?.queue?.isEmpty !== false) this.finish(this.ending);
  }

  cut(_details: string): void {
    this.count('RESOURCE_EXHAUSTED');
    this.handler = null;
    // a connection that serves nobody else has no other use
    if (this.connection.clients.size === 0 || !this.stream.reset()) this.connection.destroy('slowReaderBytes');
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  private nextChunk(pieces: Pieces): void {
    if (this.pieces !== pieces) return;
    const { remaining, deadline } = pieces;
    const piece = this.isOver ? DONE : remaining.next();
    if (piece.done === true) {
      this.endChunks(pieces);
      if (!this.isOver) this.end('OK', 'OK');
      return;
    }
    deadline.refresh();
    this.stream.write(piece.value, NOTHING, piece.value.length);
  }

  private endChunks(pieces: Pieces): void {
    clearTimeout(pieces.deadline);
    this.pieces = null;
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
    if (this.method === null) return;
    this.counters.callEnded(this.method, status);
    if (this.method !== 'p2p' && this.method !== 'events') {
      this.counters.unaryDuration[this.method].observe((performance.now() - this.startedMs) / 1000);
    }
  }
}

/** The longest delay that a timer takes: 24 days. */
const LONGEST_TIMER_MS = 0x7fffffff;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const NOTHING: readonly Buffer[] = [];

import type { CloseReason, EndStatus, RouterCore, SendQueue, Session, StreamTransport } from '../router/index.ts';
import {
  type BodySink,
  type Framing,
  type FramingFault,
  MessageReader,
  type MessageSink,
  SINGLE,
  unwrapMessage,
} from '../wire/index.ts';
import type { PartialHolder, ReassemblyBudget } from './reassembly-budget.ts';

/** A transport that may wrap gRPC messages in an envelope of its own. */
export interface FramedTransport extends StreamTransport {
  queueFraming(grpc: Framing): Framing;
}

export interface GrpcP2pStreamOptions {
  readonly core: RouterCore;
  readonly memory: ReassemblyBudget;
  /** Writes framed messages and ends the call. */
  readonly call: FramedTransport;
  readonly open: (transport: StreamTransport) => Session;
}

/** A p2p stream over gRPC: splits the request body into messages and detects their framing. The session does the rest. */
export class GrpcP2pStream implements StreamTransport, MessageSink, BodySink, PartialHolder {
  readonly session: Session;
  lastProgressMs = 0;
  private readonly core: RouterCore;
  private readonly memory: ReassemblyBudget;
  private readonly call: FramedTransport;
  private readonly reader: MessageReader;
  private framingKnown = false;
  /** The client has half-closed while paused, so that messages are unread. */
  private endPending = false;

  constructor({ core, memory, call, open }: GrpcP2pStreamOptions) {
    this.core = core;
    this.memory = memory;
    this.call = call;
    this.reader = new MessageReader(this, core.limits.maxMessageBytes);
    this.session = open(this);
    this.session.framing = call.queueFraming(SINGLE);
  }

  get queue(): SendQueue {
    return this.session.queue;
  }

  receive(chunk: Buffer, start: number, end: number): void {
    const { reader, session, core } = this;
    if (session.isEnding) return;
    reader.maxMessageBytes = core.limits.maxMessageBytes;
    reader.push(chunk, start, end);
    if (reader.hasPartial) this.lastProgressMs = core.clock.monotonicMs();
  }

  halfClosed(): void {
    const { reader, session } = this;
    if (session.isEnding) return;
    this.endPending = reader.isPaused;
    if (this.endPending) return;
    reader.end();
    session.halfClosed();
  }

  closed(): void {
    this.reader.release();
    this.session.closed();
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    this.call.write(first, rest, bytes);
  }

  end(status: EndStatus, details: string): void {
    this.call.end(status, details);
  }

  abort(reason: CloseReason): void {
    this.reader.release();
    this.call.abort(reason);
  }

  pauseReading(): void {
    this.reader.pause();
    this.call.pauseReading();
  }

  resumeReading(): void {
    const { reader } = this;
    reader.resume();
    if (reader.isPaused) return;
    if (this.endPending) this.halfClosed();
    this.call.resumeReading();
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    if (!this.session.isEnding) unwrapMessage(bytes, start, end, this);
  }

  onBody(bytes: Buffer, start: number, end: number, framing: Framing, prefixes: number): void {
    this.setFraming(framing);
    this.session.onMessage(bytes, start, end, prefixes);
  }

  onMalformedBody(framing: Framing): void {
    this.setFraming(framing);
    this.session.onMalformed();
  }

  onFault(fault: FramingFault): void {
    this.session.fail(fault);
  }

  reserveBytes(bytes: number): boolean {
    this.lastProgressMs = this.core.clock.monotonicMs();
    return this.memory.reserveFor(this, bytes);
  }

  releaseBytes(bytes: number): void {
    this.memory.releaseFor(this, bytes);
  }

  dropPartial(): void {
    this.reader.release();
    if (!this.session.isEnding) this.session.fail('noMemory');
  }

  /** A stream is answered in the framing of its first message. */
  private setFraming(framing: Framing): void {
    if (this.framingKnown) return;
    this.framingKnown = true;
    this.session.framing = this.call.queueFraming(framing);
  }
}

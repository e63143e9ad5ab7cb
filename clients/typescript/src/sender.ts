import type { RouterError } from './errors.ts';
import type { Link } from './link.ts';
import { Outbox } from './outbox.ts';
import type { Session } from './session.ts';

/** How often the transport is asked for its buffered bytes while a message is not yet written. */
const WRITTEN_CHECK_MS = 10;

/** What a sender needs of the client. */
export interface SenderHandler {
  /** The link of this moment. */
  link(): Link | null;
  onDrain(): void;
}

/** Sends messages over the link of the moment, keeps them until they are acknowledged, and reports backpressure. */
export class Sender {
  private readonly outbox: Outbox;
  private readonly session: Session;
  private readonly handler: SenderHandler;
  private readonly highWatermark: number;
  private readonly lowWatermark: number;
  private isAboveHighWatermark = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** The message that the router refused as too large; its place is known after the resume. */
  private refusal: RouterError | null = null;

  constructor(bufferBytes: number, session: Session, handler: SenderHandler) {
    this.outbox = new Outbox(bufferBytes);
    this.session = session;
    this.handler = handler;
    this.highWatermark = bufferBytes / 2;
    this.lowWatermark = bufferBytes / 4;
  }

  get bufferedBytes(): number {
    return this.outbox.bytes;
  }

  get isEmpty(): boolean {
    return this.outbox.length === 0;
  }

  /** Resolves when `body` is acknowledged, or without a session when it is written. */
  send(body: Uint8Array): Promise<void> {
    const acknowledged = this.outbox.add(body);
    if (this.outbox.bytes > this.highWatermark) this.isAboveHighWatermark = true;
    this.flush();
    return acknowledged;
  }

  /** Writes the messages that were not written yet. */
  flush(): void {
    const link = this.handler.link();
    if (link === null) return;
    this.outbox.flush((body) => link.write(body));
    if (this.session.isKept) this.checkDrain();
    else if (link.transport.bufferedBytes === 0) this.settleWritten(link);
    else this.timer ??= setTimeout(() => this.checkWritten(), WRITTEN_CHECK_MS);
  }

  /** The router has received `received` messages; false when that is impossible. */
  acknowledge(received: number): boolean {
    const isPossible = this.outbox.acknowledge(received);
    this.checkDrain();
    return isPossible;
  }

  /** The connection was lost; `error` may name a message as the cause. */
  lost(error: RouterError): void {
    if (error.code === 'too-large') this.refusal = error;
  }

  /** The session goes on; false when the router's count is impossible. */
  resume(received: number): boolean {
    const { refusal } = this;
    this.refusal = null;
    if (!this.outbox.resume(received)) return false;
    if (refusal !== null) this.outbox.refuseFirst(refusal);
    return true;
  }

  /** A new session began. */
  restart(): void {
    this.refusal = null;
    this.outbox.restart();
    this.checkDrain();
  }

  /** Rejects everything. */
  fail(error: RouterError): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.outbox.fail(error);
  }

  private checkWritten(): void {
    this.timer = null;
    const link = this.handler.link();
    if (link === null || this.session.isKept || this.isEmpty) return;
    this.settleWritten(link);
    if (!this.isEmpty) this.timer = setTimeout(() => this.checkWritten(), WRITTEN_CHECK_MS);
  }

  private settleWritten(link: Link): void {
    this.outbox.acknowledgeWritten(link.transport.bufferedBytes);
    this.checkDrain();
  }

  private checkDrain(): void {
    if (!this.isAboveHighWatermark || this.outbox.bytes > this.lowWatermark) return;
    this.isAboveHighWatermark = false;
    this.handler.onDrain();
  }
}

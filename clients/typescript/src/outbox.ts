import { RouterError } from './errors.ts';

interface Entry {
  readonly body: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: RouterError) => void;
  /** How often the router has refused it as too large. */
  refusals: number;
}

/** A message is resent once after it was refused as too large. */
const MAX_REFUSALS = 2;

/**
 * The messages that the router has not acknowledged, oldest first. Within a session a message has a position: the router
 * counts what it has received, and whatever lies beyond that count is sent again after a reconnect.
 */
export class Outbox {
  private readonly maxBytes: number;
  private entries: Entry[] = [];
  private heldBytes = 0;
  /** Messages of the current session that are acknowledged; `entries[0]` has the position behind it. */
  private acknowledged = 0;
  /** How many of `entries` have been written in the current session, on whatever connection. */
  private written = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  get length(): number {
    return this.entries.length;
  }

  /** Takes a message; resolves when it is acknowledged. */
  add(body: Uint8Array): Promise<void> {
    if (this.heldBytes + body.length > this.maxBytes) {
      return Promise.reject(
        new RouterError('buffer-full', `More than ${this.maxBytes} bytes are waiting to be acknowledged by the router`),
      );
    }
    this.heldBytes += body.length;
    return new Promise((resolve, reject) => this.entries.push({ body, resolve, reject, refusals: 0 }));
  }

  /** Hands every message that was not written yet to `write`, in order. */
  flush(write: (body: Uint8Array) => void): void {
    while (this.written < this.entries.length) write(this.entryAt(this.written++).body);
  }

  /** The router has received `received` messages in this session; false when that is impossible. */
  acknowledge(received: number): boolean {
    const count = received - this.acknowledged;
    if (count > this.written) return false;
    if (count > 0) this.settle(count);
    return true;
  }

  /**
   * For connections without acknowledgements: settles the messages that the transport has written to the network, while
   * the last `bufferedBytes` of them have not been.
   */
  acknowledgeWritten(bufferedBytes: number): void {
    let count = this.written;
    for (let bytes = bufferedBytes; count > 0 && bytes > 0; count--) bytes -= this.entryAt(count - 1).body.length;
    this.settle(count);
  }

  /**
   * The router ended the stream because of a message that is too large, and the session was resumed: the first message
   * that is not acknowledged. It is rejected with `error` when this happens to it for the second time.
   */
  refuseFirst(error: RouterError): void {
    const first = this.entries[0];
    if (first === undefined) return;
    first.refusals++;
    if (first.refusals < MAX_REFUSALS) return;
    this.entries.shift();
    this.heldBytes -= first.body.length;
    first.reject(error);
  }

  /** The session goes on over a new connection: what the router has not received is written again. */
  resume(received: number): boolean {
    if (!this.acknowledge(received)) return false;
    this.written = 0;
    return true;
  }

  /** A new session: messages written in the old one have an unknown fate, the others are sent in the new one. */
  restart(): void {
    const unknown = this.entries.splice(0, this.written);
    this.written = 0;
    this.acknowledged = 0;
    const error = new RouterError('session-lost', 'The connection was lost before the router acknowledged the message');
    for (const { body, reject } of unknown) {
      this.heldBytes -= body.length;
      reject(error);
    }
  }

  /** Rejects everything. */
  fail(error: RouterError): void {
    const entries = this.entries;
    this.entries = [];
    this.written = 0;
    this.heldBytes = 0;
    for (const { reject } of entries) reject(error);
  }

  private entryAt(index: number): Entry {
    return this.entries[index] as Entry;
  }

  private settle(count: number): void {
    const done = this.entries.splice(0, count);
    this.acknowledged += done.length;
    this.written -= done.length;
    for (const { body, resolve } of done) {
      this.heldBytes -= body.length;
      resolve();
    }
  }
}

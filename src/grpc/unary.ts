import { type SendQueue, TEXT } from '../router/index.ts';
import {
  type BodySink,
  type Framing,
  type FramingFault,
  MessageReader,
  type MessageSink,
  SINGLE,
  unwrapMessage,
} from '../wire/index.ts';
import type { CallHandler, ServerCall } from './call.ts';

/** Largest request: metadata and group names at their limits, with room to spare. */
const MAX_REQUEST_BYTES = 256 * 1024;

/** Time from the first bytes of a request to its end, since it occupies a memory budget shared by all streams. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface UnaryOptions {
  /** The limit of messages. Requests also have a limit of their own. */
  readonly maxMessageBytes: number;
  /** Memory for the partial request. */
  readonly memory: { reserve(bytes: number): boolean; release(bytes: number): void };
  /** Called once with the complete request. `body` must not be used afterwards. */
  readonly run: (body: Buffer, framing: Framing) => void;
}

/** Reads the one request message of a call; anything else is INVALID_ARGUMENT. */
export class UnaryHandler implements CallHandler, MessageSink, BodySink {
  private readonly call: ServerCall;
  private readonly options: UnaryOptions;
  private readonly reader: MessageReader;
  private readonly limitBytes: number;
  /** The request message until `run` is called. */
  private body: Buffer | null = null;
  private deadline: NodeJS.Timeout | undefined;
  private framing: Framing = SINGLE;
  private failed = false;

  constructor(call: ServerCall, options: UnaryOptions) {
    this.call = call;
    this.options = options;
    this.limitBytes = Math.min(options.maxMessageBytes, MAX_REQUEST_BYTES);
    this.reader = new MessageReader(this, this.limitBytes);
  }

  get queue(): SendQueue | null {
    return null;
  }

  receive(chunk: Buffer, start: number, end: number): void {
    if (!this.failed) this.reader.push(chunk, start, end);
  }

  halfClosed(): void {
    clearTimeout(this.deadline);
    this.reader.end();
    if (this.failed) return;
    if (this.body === null) this.refuse('No request message');
    else this.options.run(this.body, this.framing);
    this.releaseBody();
  }

  closed(): void {
    clearTimeout(this.deadline);
    this.reader.release();
    this.failed = true;
    this.releaseBody();
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    if (!this.failed) unwrapMessage(bytes, start, end, this);
  }

  onBody(bytes: Buffer, start: number, end: number, framing: Framing): void {
    if (this.failed) return;
    if (this.body !== null) this.refuse('More than one request message');
    else if (end - start > this.limitBytes) this.onFault('tooLarge');
    else if (!this.reserveBytes(end - start)) this.onFault('noMemory');
    else {
      this.body = Buffer.from(bytes.subarray(start, end));
      this.framing = framing;
    }
  }

  onMalformedBody(): void {
    this.refuse('Request is not a CBOR map');
  }

  onFault(fault: FramingFault): void {
    if (fault === 'compressed') {
      this.failed = true;
      this.call.end('INTERNAL', TEXT.compressed);
    } else if (fault === 'truncated') this.refuse('Truncated message');
    else {
      this.failed = true;
      this.call.end('RESOURCE_EXHAUSTED', fault === 'tooLarge' ? TEXT.tooLarge(this.limitBytes) : TEXT.noMemory);
    }
  }

  reserveBytes(bytes: number): boolean {
    this.deadline ??= setTimeout(() => this.timeOut(), REQUEST_TIMEOUT_MS).unref();
    return this.options.memory.reserve(bytes);
  }

  releaseBytes(bytes: number): void {
    this.options.memory.release(bytes);
  }

  private timeOut(): void {
    this.failed = true;
    this.reader.release();
    this.releaseBody();
    this.call.end('DEADLINE_EXCEEDED', 'The request was not completed in time');
  }

  private releaseBody(): void {
    if (this.body === null) return;
    this.releaseBytes(this.body.length);
    this.body = null;
  }

  private refuse(details: string): void {
    if (this.failed) return;
    this.failed = true;
    this.call.end('INVALID_ARGUMENT', details);
  }
}

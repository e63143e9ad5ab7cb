import { MAX_METADATA_BYTES, MAX_NAME_BYTES, type SendQueue, TEXT } from '../router/index.ts';
import {
  type BodySink,
  copyValue,
  decodeEntry,
  decodeValue,
  type Encodable,
  type Entry,
  encode,
  type Framing,
  type FramingFault,
  frame,
  hasValue,
  MessageReader,
  type MessageSink,
  mapEntries,
  Raw,
  unwrapMessage,
} from '../wire/index.ts';
import type { CallHandler, ServerCall } from './call.ts';

/** The request of a call that takes one message. */
export interface UnaryRequest {
  readonly bytes: Buffer;
  readonly entries: readonly Entry[];
  readonly framing: Framing;
}

/** The longest request of a call that takes one message: metadata and group names with all limits used, and room to spare. */
const MAX_REQUEST_BYTES = 256 * 1024;

/** A request's time from its first bytes to its end: what is held of it is held from everybody. */
const COMPLETE_WITHIN_MS = 30_000;

export interface UnaryOptions {
  /** As for messages; requests have a limit of their own besides. */
  readonly maxMessageBytes: number;
  readonly holdBytes: (change: number) => boolean;
  /** Called once, with the request, when it is complete; copies what it keeps. */
  readonly run: (request: UnaryRequest) => void;
}

/** Reads the one request message of a call; whatever is not one readable map is answered with INVALID_ARGUMENT. */
export class UnaryHandler implements CallHandler, MessageSink, BodySink {
  private readonly call: ServerCall;
  private readonly options: UnaryOptions;
  private readonly reader: MessageReader;
  private readonly limitBytes: number;
  /** The request, which counts as held until it is served. */
  private body: Buffer | null = null;
  private deadline: NodeJS.Timeout | undefined;
  private framing: Framing = 0;
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
    const { body, framing } = this;
    if (body === null) {
      this.refuse('No request message');
      return;
    }
    const entries = mapEntries(body, 0, body.length);
    if (entries === null) this.refuse('Request is not a readable CBOR map with text keys');
    else this.options.run({ bytes: body, entries, framing });
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
    else if (!this.holdBytes(end - start)) this.onFault('noMemory');
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

  holdBytes(change: number): boolean {
    if (change > 0) this.deadline ??= setTimeout(() => this.giveUp(), COMPLETE_WITHIN_MS).unref();
    return this.options.holdBytes(change);
  }

  private giveUp(): void {
    this.failed = true;
    this.reader.release();
    this.releaseBody();
    this.call.end('DEADLINE_EXCEEDED', 'The request was not completed in time');
  }

  private releaseBody(): void {
    if (this.body === null) return;
    this.holdBytes(-this.body.length);
    this.body = null;
  }

  private refuse(details: string): void {
    if (this.failed) return;
    this.failed = true;
    this.call.end('INVALID_ARGUMENT', details);
  }
}

/** Answers a unary call in the framing of its request, and ends it. */
export function respond(call: ServerCall, framing: Framing, body: Encodable): void {
  call.sendHeaders();
  const message = frame(encode(body), framing);
  call.write(message, [], message.length);
  call.end('OK', 'OK');
}

/** A request field of the wrong type; becomes INVALID_ARGUMENT. */
export class InvalidField extends Error {}

/** An optional text field. */
export function textField(request: UnaryRequest, key: string): string | null {
  const value = decodeEntry(request.bytes, request.entries, key);
  if (value === undefined && !isPresent(request, key)) return null;
  if (typeof value !== 'string') throw new InvalidField(`${key} must be a text`);
  return value;
}

/** An optional list of texts; absent is null. */
export function textListField(request: UnaryRequest, key: string): string[] | null {
  if (!isPresent(request, key)) return null;
  const value = decodeEntry(request.bytes, request.entries, key);
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new InvalidField(`${key} must be a list of texts`);
  }
  return value;
}

/** An optional map with text keys, as it was encoded; absent is null. */
export function mapField(request: UnaryRequest, key: string): Buffer | null {
  const entry = request.entries.find((candidate) => candidate.key === key);
  if (!hasValue(request.bytes, entry)) return null;
  const bytes = copyValue(request.bytes, entry);
  if (mapEntries(bytes, 0, bytes.length) === null) throw new InvalidField(`${key} must be a map with text keys`);
  return bytes;
}

/** A required integer, to be echoed exactly: beyond 2^53 it stays as it was encoded. */
export function integerField(request: UnaryRequest, key: string): Raw | number {
  const entry = request.entries.find((candidate) => candidate.key === key);
  const value = entry === undefined ? undefined : decodeValue(request.bytes.subarray(entry.valueStart, entry.end));
  if (entry !== undefined && typeof value === 'bigint') return new Raw(copyValue(request.bytes, entry));
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new InvalidField(`${key} must be an integer`);
  return value;
}

function isPresent(request: UnaryRequest, key: string): boolean {
  return hasValue(
    request.bytes,
    request.entries.find((entry) => entry.key === key),
  );
}

/** Why a profile is refused, or null. */
export function checkProfile(
  name: string | null,
  groups: readonly string[],
  metadata: Buffer,
  maxGroups: number,
): string | null {
  if (name !== null && Buffer.byteLength(name) > MAX_NAME_BYTES)
    return `clientName too long: at most ${MAX_NAME_BYTES} bytes`;
  if (groups.length > maxGroups) return `Too many groups: at most ${maxGroups}`;
  if (groups.some((group) => Buffer.byteLength(group) > MAX_NAME_BYTES)) {
    return `Group name too long: at most ${MAX_NAME_BYTES} bytes`;
  }
  if (metadata.length > MAX_METADATA_BYTES) return `Metadata too large: at most ${MAX_METADATA_BYTES} bytes`;
  return null;
}

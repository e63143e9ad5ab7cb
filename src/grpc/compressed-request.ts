import { gunzip } from 'node:zlib';
import type { ServerStream, StreamHandler } from '../http2/index.ts';
import { TEXT } from '../router/index.ts';
import { ConcurrencyLimiter } from '../rpc/index.ts';
import { PREFIX_BYTES, prefixLength, writePrefix } from '../wire/index.ts';
import type { ServerCall } from './call.ts';

/** `grpc-accept-encoding`: compression accepted in requests. Responses are never compressed. */
export const ACCEPTED_ENCODINGS = 'identity,gzip';

/** Limits concurrent decompression over all connections: the thread pool is small and has other users. */
const DECOMPRESSIONS = new ConcurrencyLimiter(2);
/** Growth of incompressible data by gzip. */
const GZIP_OVERHEAD_BYTES = 1024;
const MAX_CHUNK_BYTES = 64 * 1024;
/** The prefix of a message beyond any limit, which the message reader refuses as too large. */
const TOO_LARGE = Buffer.from('00ffffffff', 'hex');

export interface CompressedRequestOptions {
  /** `grpc-encoding` of the request, other than `identity`. */
  readonly encoding: string;
  /** Limit after decompression. */
  readonly maxMessageBytes: number;
  readonly reserveBytes: (change: number) => boolean;
}

/**
 * Decompresses the messages of a request body and passes them to the call in order. Decompression runs in the thread pool,
 * one message of a request at a time. Meanwhile WINDOW_UPDATE is withheld, so the client can send at most one window.
 */
export class CompressedRequest implements StreamHandler {
  private readonly stream: ServerStream;
  private readonly call: ServerCall;
  private readonly options: CompressedRequestOptions;
  /** Bytes not passed on yet: `bytes[start..end)`. */
  private bytes: Buffer = EMPTY;
  private start = 0;
  private end = 0;
  private isDecompressing = false;
  private endReceived = false;
  private stopped = false;

  constructor(stream: ServerStream, call: ServerCall, options: CompressedRequestOptions) {
    this.stream = stream;
    this.call = call;
    this.options = options;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.stopped || !this.append(bytes, start, end)) return;
    this.advance();
  }

  onEnd(): void {
    this.endReceived = true;
    this.advance();
  }

  onWriteComplete(): void {
    this.call.onWriteComplete();
  }

  onClosed(): void {
    this.stop();
    this.call.onClosed();
  }

  /** Passes on complete messages, up to the first one to decompress. */
  private advance(): void {
    while (!this.isDecompressing && !this.stopped) {
      const { bytes, start } = this;
      const isPrefixed = this.end - start >= PREFIX_BYTES;
      const length = isPrefixed ? prefixLength(bytes, start) : 0;
      if (length > this.limitBytes + GZIP_OVERHEAD_BYTES) this.refuseTooLarge();
      else if (isPrefixed && start + PREFIX_BYTES + length <= this.end)
        this.passMessage(start, start + PREFIX_BYTES + length);
      else {
        if (this.endReceived) this.passEnd();
        return;
      }
    }
  }

  /** A double-framed message contains a second prefix. */
  private get limitBytes(): number {
    return this.options.maxMessageBytes + PREFIX_BYTES;
  }

  private passMessage(start: number, end: number): void {
    this.start = end;
    // copied: the call may keep the message, and this buffer is reused
    const message = Buffer.from(this.bytes.subarray(start, end));
    if (message[0] === 0) this.call.onData(message, 0, message.length);
    else if (this.options.encoding === 'gzip') this.decompress(message.subarray(PREFIX_BYTES));
    else {
      this.stop();
      const encoding = this.options.encoding.slice(0, 50);
      this.call.end('UNIMPLEMENTED', `Compression by ${encoding} is not supported: use ${ACCEPTED_ENCODINGS}`);
    }
  }

  private decompress(body: Buffer): void {
    this.isDecompressing = this.stream.withholdsWindow = true;
    const chunkSize = Math.min(MAX_CHUNK_BYTES, Math.max(1024, 4 * body.length));
    DECOMPRESSIONS.run(() => {
      if (this.stopped) {
        DECOMPRESSIONS.release();
        return;
      }
      gunzip(body, { maxOutputLength: this.limitBytes, chunkSize }, (error, message) => {
        DECOMPRESSIONS.release();
        this.decompressed(error as NodeJS.ErrnoException | null, message);
      });
    });
  }

  private decompressed(error: NodeJS.ErrnoException | null, body: Buffer): void {
    this.isDecompressing = this.stream.withholdsWindow = false;
    if (this.stopped) return;
    if (error === null) {
      const message = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
      writePrefix(message, 0, body.length);
      message.set(body, PREFIX_BYTES);
      this.call.onData(message, 0, message.length);
      this.advance();
      this.stream.refillWindow();
    } else if (error.code === 'ERR_BUFFER_TOO_LARGE') this.refuseTooLarge();
    else {
      this.stop();
      this.call.end('INTERNAL', `Message cannot be decompressed: ${error.message}`);
    }
  }

  private refuseTooLarge(): void {
    this.stop();
    this.call.onData(TOO_LARGE, 0, TOO_LARGE.length);
  }

  /** Passes on the end of the body, after an incomplete message if there is one. */
  private passEnd(): void {
    const rest = Buffer.from(this.bytes.subarray(this.start, this.end));
    this.stop();
    if (rest.length > 0) {
      rest[0] = 0;
      this.call.onData(rest, 0, rest.length);
    }
    this.call.onEnd();
  }

  /** Appends to the bytes not passed on yet. Without memory for them it ends the call and returns false. */
  private append(bytes: Buffer, start: number, end: number): boolean {
    const keptBytes = this.end - this.start;
    const neededBytes = keptBytes + end - start;
    if (neededBytes <= this.bytes.length) this.bytes.copyWithin(0, this.start, this.end);
    else {
      const capacity = Math.max(neededBytes, Math.min(2 * this.bytes.length, this.limitBytes));
      if (!this.options.reserveBytes(capacity - this.bytes.length)) {
        this.stop();
        this.call.end('RESOURCE_EXHAUSTED', TEXT.noMemory);
        return false;
      }
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.bytes.copy(grown, 0, this.start, this.end);
      this.bytes = grown;
    }
    this.start = 0;
    this.end = keptBytes;
    bytes.copy(this.bytes, keptBytes, start, end);
    this.end = neededBytes;
    return true;
  }

  /** Releases the buffer; nothing more is passed on. */
  private stop(): void {
    this.stopped = true;
    this.stream.withholdsWindow = false;
    if (this.bytes.length > 0) this.options.reserveBytes(-this.bytes.length);
    this.bytes = EMPTY;
    this.start = this.end = 0;
  }
}

const EMPTY = Buffer.alloc(0);

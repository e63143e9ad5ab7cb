import { ConnectionError, ErrorCode } from './errors.ts';
import type { FloodGuard } from './flood-guard.ts';
import { rstStreamFrame } from './frames.ts';
import type { ByteBudget } from './growing-buffer.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { Http2Limits } from './limits.ts';
import { RequestHeaders } from './request-headers.ts';
import type { Sender } from './sender.ts';
import type { ServerStream, StreamHandler } from './server-stream.ts';
import type { PeerSettings } from './settings.ts';
import type { StreamTable } from './stream-table.ts';

/** Receives the requests of a connection. */
export interface RequestHandler extends ByteBudget {
  /**
   * Called for each request. Returns the handler of its stream, or null if the stream was ended or reset at once, which is
   * required when the headers are too large.
   */
  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null;
}

export interface RequestReaderDependencies {
  readonly handler: RequestHandler;
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly guard: FloodGuard;
  readonly peer: PeerSettings;
  /** Initial receive window of new streams. */
  readonly receiveWindow: number;
  readonly limits: Http2Limits;
}

/** Fields beyond the limit that count as one idle frame. */
const EXCESS_FIELDS_PER_FRAME = 64;

/** Turns HEADERS and CONTINUATION frames into requests and trailers. Throws ConnectionError. */
export class RequestReader {
  /** True once the final GOAWAY is sent: new requests are refused. */
  goawaySent = false;
  private readonly deps: RequestReaderDependencies;
  private readonly blocks: HeaderBlocks;

  constructor(deps: RequestReaderDependencies) {
    this.deps = deps;
    this.blocks = new HeaderBlocks(deps.handler, deps.limits);
  }

  /** True within a header block: only CONTINUATION is valid then. */
  get isInHeaderBlock(): boolean {
    return this.blocks.isOpen;
  }

  onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId % 2 === 0)
      throw new ConnectionError(ErrorCode.protocol, 'HEADERS on a stream that is not the client\u2019s');
    this.blocks.begin(flags, streamId, bytes, start, end);
    this.readBlock();
  }

  onContinuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.blocks.continue(flags, streamId, bytes, start, end);
    this.readBlock();
  }

  /** Discards a partial header block. */
  stop(): void {
    this.blocks.release();
  }

  /** Decodes the header block once it is complete. */
  private readBlock(): void {
    const { blocks } = this;
    if (blocks.isOpen) return;
    const { streamId, endStream } = blocks;
    const { streams, guard, limits } = this.deps;
    const headers = new RequestHeaders(limits.maxHeaderBytes);
    blocks.decode(headers);
    if (headers.isTooLarge) guard.countIdle(1 + Math.floor(headers.excessFields / EXCESS_FIELDS_PER_FRAME));
    if (streamId > streams.lastId) {
      streams.advance(streamId);
      guard.resets.recordOpened();
      this.open(streamId, headers, endStream);
      return;
    }
    const stream = streams.find(streamId);
    if (stream === null) this.onClosedStream(streamId);
    else if (!stream.remoteOpen) guard.reset(stream, ErrorCode.streamClosed);
    else if (headers.isTooLarge) guard.reset(stream, ErrorCode.enhanceYourCalm);
    else if (!endStream || headers.areMalformedTrailers) guard.reset(stream, ErrorCode.protocol);
    else if (stream.hasWrongLength(0, true)) guard.reset(stream, ErrorCode.protocol);
    else streams.halfClose(stream);
  }

  private onClosedStream(streamId: number): void {
    const { streams, guard } = this.deps;
    if (streams.wasReset(streamId)) guard.countIdle();
    else if (streams.wasSkipped(streamId)) throw new ConnectionError(ErrorCode.protocol, 'a stream number that falls');
    else throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS on a closed stream');
  }

  private open(streamId: number, headers: RequestHeaders, endStream: boolean): void {
    const { streams, sender, peer, receiveWindow, handler: requestHandler } = this.deps;
    const errorCode = this.errorCodeOf(headers, endStream);
    if (errorCode !== ErrorCode.none) {
      this.refuse(streamId, errorCode);
      return;
    }
    const windows = { send: peer.initialWindowBytes, receive: receiveWindow };
    const stream = streams.open(streamId, sender, windows, PLACEHOLDER);
    if (stream === null) {
      this.refuse(streamId, ErrorCode.refusedStream);
      return;
    }
    if (headers.contentLength !== null) stream.contentBytesLeft = headers.contentLength;
    const handler = requestHandler.openStream(stream, headers);
    // the stream may be closed by now
    if (stream.handler === PLACEHOLDER && handler !== null) stream.handler = handler;
    if (endStream) streams.halfClose(stream);
  }

  /** The error code to refuse a request with; `none` to serve it. */
  private errorCodeOf(headers: RequestHeaders, endStream: boolean): number {
    if (this.goawaySent) return ErrorCode.refusedStream;
    if (headers.isTooLarge) return ErrorCode.none; // the handler answers with a gRPC status, which is clearer
    if (headers.isMalformed) return ErrorCode.protocol;
    return endStream && (headers.contentLength ?? 0) > 0 ? ErrorCode.protocol : ErrorCode.none;
  }

  private refuse(streamId: number, code: number): void {
    this.deps.streams.markReset(streamId);
    this.deps.sender.sendFrame(rstStreamFrame(streamId, code));
    this.deps.guard.countIdle();
  }
}

/** Handler of a stream while `openStream` creates the real one. */
const PLACEHOLDER: StreamHandler = { onData: () => {}, onEnd: () => {}, onWriteComplete: () => {}, onClosed: () => {} };

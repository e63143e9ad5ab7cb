import { ConnectionError } from './connection-error.ts';
import type { FloodGuard } from './flood-guard.ts';
import { ErrorCode, rstStreamFrame } from './frames.ts';
import type { Holder } from './growing-buffer.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { Http2Limits } from './limits.ts';
import { RequestHeaders } from './request-headers.ts';
import type { Sender } from './sender.ts';
import type { ServerStream, StreamHandler } from './server-stream.ts';
import type { PeerSettings } from './settings.ts';
import type { StreamTable } from './stream-table.ts';

/** Serves requests. */
export interface RequestHost extends Holder {
  /**
   * A request has begun; what is returned takes what follows. Null when it was ended or reset at once, as one has to be whose
   * headers are too large.
   */
  openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null;
}

export interface RequestReaderDependencies {
  readonly host: RequestHost;
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly guard: FloodGuard;
  readonly peer: PeerSettings;
  /** What a new stream may be sent ahead by its client. */
  readonly receiveWindow: number;
  readonly limits: Http2Limits;
}

/** Fields beyond the limit that cost as much as an idle frame. */
const EXCESS_FIELDS_PER_FRAME = 64;

/** Makes requests, and the ends of request bodies, of HEADERS and CONTINUATION frames. Throws ConnectionError. */
export class RequestReader {
  /** True once no new request is served. */
  isLeaving = false;
  private readonly deps: RequestReaderDependencies;
  private readonly blocks: HeaderBlocks;

  constructor(deps: RequestReaderDependencies) {
    this.deps = deps;
    this.blocks = new HeaderBlocks(deps.host, deps.limits);
  }

  /** True in the middle of a header block: then nothing but its continuation may come. */
  get isAmidBlock(): boolean {
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

  /** Forgets a header block that is not complete. */
  stop(): void {
    this.blocks.release();
  }

  /** Reads the header block once it is complete. */
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
      guard.resets.streamOpened();
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
    if (streams.wasGivenUp(streamId)) guard.countIdle();
    else if (streams.wasSkipped(streamId)) throw new ConnectionError(ErrorCode.protocol, 'a stream number that falls');
    else throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS on a closed stream');
  }

  private open(streamId: number, headers: RequestHeaders, endStream: boolean): void {
    const { streams, sender, peer, receiveWindow, host } = this.deps;
    const fault = this.faultOf(headers, endStream);
    if (fault !== ErrorCode.none) {
      this.refuse(streamId, fault);
      return;
    }
    const windows = { send: peer.initialWindowBytes, receive: receiveWindow };
    const stream = streams.open(streamId, sender, windows, NOBODY);
    if (stream === null) {
      this.refuse(streamId, ErrorCode.refusedStream);
      return;
    }
    if (headers.contentLength !== null) stream.contentLeft = headers.contentLength;
    const handler = host.openStream(stream, headers);
    // the stream may be over by now
    if (stream.handler === NOBODY && handler !== null) stream.handler = handler;
    if (endStream) streams.halfClose(stream);
  }

  /** The error code to refuse a request with; `none` for one that is served. */
  private faultOf(headers: RequestHeaders, endStream: boolean): number {
    if (this.isLeaving) return ErrorCode.refusedStream;
    if (headers.isTooLarge) return ErrorCode.none; // the host says so, which is more than a code
    if (headers.isMalformed) return ErrorCode.protocol;
    return endStream && (headers.contentLength ?? 0) > 0 ? ErrorCode.protocol : ErrorCode.none;
  }

  private refuse(streamId: number, code: number): void {
    this.deps.streams.giveUp(streamId);
    this.deps.sender.frame(rstStreamFrame(streamId, code));
    this.deps.guard.countIdle();
  }
}

/** Stands in while the real handler is being made. */
const NOBODY: StreamHandler = { onData: () => {}, onEnd: () => {}, onWriteComplete: () => {}, onClosed: () => {} };

import { type CallStream, type ServerCall, STATUS_CODES } from '../grpc/index.ts';
import type { EndStatus } from '../router/index.ts';
import type { RpcMethod } from '../rpc/index.ts';
import { type Framing, PREFIX_BYTES, prefixLength } from '../wire/index.ts';
import type { Envelope, Header } from './envelope.ts';
import { messageFraming, webSocketFrame } from './message-framing.ts';

const RESPONSE: readonly Header[] = [
  { name: ':status', value: '200' },
  { name: 'content-type', value: 'application/grpc' },
];
const OK_TRAILERS: readonly Header[] = [{ name: 'grpc-status', value: '0' }];
/** Details may quote client input. */
const MAX_DETAILS_CHARS = 500;
const NO_BUFFERS: readonly Buffer[] = [];

/** The connection of a stream, as the stream uses it. */
export interface StreamHost {
  /** Writes WebSocket frames; completed by `owner.onWriteComplete`. */
  write(owner: WebSocketStream, first: Buffer, rest: readonly Buffer[], bytes: number): void;
  /** The stream is finished: everything is written, or the connection is closed. */
  onStreamClosed(stream: WebSocketStream): void;
  pauseReading(): void;
  resumeReading(): void;
}

/** One call on a WebSocket: puts its messages into the envelope of the connection. */
export class WebSocketStream implements CallStream {
  readonly id: number;
  private call: ServerCall | null = null;
  private readonly host: StreamHost;
  private readonly envelope: Envelope;
  private readonly path: string;
  /** A send queue delivers its messages framed; those of other calls are framed here. */
  private readonly isQueued: boolean;
  private headersSent = false;
  /** The headers, until they are sent with the first message. */
  private headers: Buffer | null = null;
  private ended = false;
  private closed = false;
  private halfClosed = false;
  private paused = false;
  private writesInFlight = 0;
  /** The chunks of an incomplete message, the first of which begins with its gRPC prefix. */
  private chunks: Buffer[] = [];
  private chunkBytes = 0;

  constructor(host: StreamHost, envelope: Envelope, id: number, path: string, method: RpcMethod | null) {
    this.host = host;
    this.envelope = envelope;
    this.id = id;
    this.path = path;
    this.isQueued = method !== null && method.kind !== 'unary';
  }

  queueFraming(grpc: Framing): Framing {
    return messageFraming(this.envelope, this.id, this.path, grpc);
  }

  /** Sends the headers with the first message. Streams of messages start without, like those of the original server. */
  sendHeaders(): void {
    if (this.headersSent || this.isQueued) return;
    this.headersSent = true;
    this.headers = webSocketFrame([this.envelope.metadata(this.id, RESPONSE, false)]);
  }

  /** Sets the call, which may have ended already. */
  attach(call: ServerCall): void {
    if (this.closed) call.onClosed();
    else this.call = call;
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    if (this.isQueued) {
      this.writesInFlight++;
      this.host.write(this, first, rest, bytes);
    } else this.writeMessage([first, ...rest], bytes);
  }

  end(status: EndStatus, details: string): void {
    if (this.ended) return;
    this.ended = true;
    this.writeFrame(webSocketFrame([this.envelope.metadata(this.id, trailers(status, details), true)]));
  }

  /** WebSocket has no reset of one stream. */
  reset(): boolean {
    return false;
  }

  pauseReading(): void {
    if (this.paused) return;
    this.paused = true;
    this.host.pauseReading();
  }

  resumeReading(): void {
    if (!this.paused) return;
    this.paused = false;
    this.host.resumeReading();
  }

  onWriteComplete(): void {
    this.writesInFlight--;
    if (!this.ended) this.call?.onWriteComplete();
    else if (this.writesInFlight === 0) this.close();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (!this.halfClosed) this.call?.onData(bytes, start, end);
  }

  onEnd(): void {
    if (this.halfClosed) return;
    this.halfClosed = true;
    this.call?.onEnd();
  }

  /** The connection is closed, or everything is written. */
  close(): void {
    this.ended = this.closed = true;
    this.host.onStreamClosed(this);
    this.resumeReading();
    const { call } = this;
    this.call = null;
    call?.onClosed();
  }

  /** Writes a gRPC message once all its chunks are there: it has to be in one WebSocket message. */
  private writeMessage(chunks: readonly Buffer[], bytes: number): void {
    this.chunks.push(...chunks);
    this.chunkBytes += bytes;
    const messageBytes = PREFIX_BYTES + prefixLength(this.chunks[0] as Buffer, 0);
    if (this.chunkBytes < messageBytes) {
      setImmediate(() => this.call?.onWriteComplete());
      return;
    }
    const frame = webSocketFrame([this.envelope.dataHead(this.id, this.path), ...this.chunks]);
    this.chunks = [];
    this.chunkBytes = 0;
    this.writeFrame(frame);
  }

  private writeFrame(frame: Buffer): void {
    this.writesInFlight++;
    const { headers } = this;
    this.headers = null;
    if (headers === null) this.host.write(this, frame, NO_BUFFERS, frame.length);
    else this.host.write(this, headers, [frame], headers.length + frame.length);
  }
}

/** `grpc-message` is plain text: JSON carries any text, and the Dart clients do not decode percent signs. */
function trailers(status: EndStatus, details: string): readonly Header[] {
  if (status === 'OK') return OK_TRAILERS;
  const code = { name: 'grpc-status', value: String(STATUS_CODES[status]) };
  return details === '' ? [code] : [code, { name: 'grpc-message', value: details.slice(0, MAX_DETAILS_CHARS) }];
}

import { ErrorCode, Flag, FrameType } from './http2-frames.ts';
import type { RawConnection } from './raw-connection.ts';

/** The end of a stream as seen by a gRPC client. */
export interface StreamEnd {
  /** `grpc-status` of the trailers; null if the stream ended without it. */
  readonly status: number | null;
  readonly message: string;
  /** Error code of a RST_STREAM. */
  readonly resetCode: number | null;
  readonly connectionClosed: boolean;
}

/** One stream: headers, bytes and the end, with send-side flow control. */
export class RawStream {
  readonly id: number;
  headers: Record<string, string> | null = null;
  /** Headers that ended the stream; the only place where a Dart client reads a status. */
  trailers: Record<string, string> | null = null;
  ended = false;
  /** Receives the bytes as they arrive. */
  onBytes: (bytes: Buffer) => void = () => {};
  readonly whenEnded: Promise<StreamEnd>;
  private settle: (end: StreamEnd) => void = () => {};
  private readonly connection: RawConnection;
  private window: number;
  private unsent: Buffer[] = [];
  private finish = false;

  constructor(connection: RawConnection, id: number, window: number) {
    this.connection = connection;
    this.id = id;
    this.window = window;
    this.whenEnded = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** Bytes blocked by the windows of the peer. */
  get unsentBytes(): number {
    return this.unsent.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Sends `bytes` as DATA as the windows allow; `endStream` marks the last frame. */
  send(bytes: Buffer, endStream = false): void {
    if (endStream && this.unsent.length === 0 && this.connection.sendLast(this.id, bytes, this.window)) {
      this.window -= bytes.length;
      return;
    }
    if (bytes.length > 0) this.unsent.push(bytes);
    this.finish ||= endStream;
    this.flush();
  }

  /** Half-closes like the Dart transport: an empty DATA frame with END_STREAM. */
  halfClose(): void {
    this.send(Buffer.alloc(0), true);
  }

  reset(code: number = ErrorCode.cancel): void {
    this.connection.resetStream(this.id, code);
    this.end({ status: null, message: '', resetCode: code, connectionClosed: false });
  }

  onWindow(change: number): void {
    this.window += change;
    this.flush();
  }

  onHeaders(fields: Record<string, string>, endStream: boolean): void {
    if (this.headers === null) this.headers = fields;
    if (endStream) {
      this.trailers = fields;
      this.finished();
    }
  }

  onData(bytes: Buffer, endStream: boolean): void {
    if (bytes.length > 0) this.onBytes(bytes);
    if (endStream) this.finished();
  }

  onReset(code: number): void {
    this.end({ status: null, message: '', resetCode: code, connectionClosed: false });
  }

  onConnectionClosed(): void {
    this.end({ status: null, message: '', resetCode: null, connectionClosed: true });
  }

  private flush(): void {
    while (this.unsent.length > 0 && !this.ended) {
      const first = this.unsent[0] as Buffer;
      const sent = this.connection.sendData(this.id, first, this.window);
      this.window -= sent;
      if (sent < first.length) {
        this.unsent[0] = first.subarray(sent);
        return;
      }
      this.unsent.shift();
    }
    if (!this.finish) return;
    this.finish = false;
    this.connection.frame(FrameType.data, Flag.endStream, this.id);
  }

  private finished(): void {
    const status = this.trailers?.['grpc-status'];
    this.end({
      status: status === undefined ? null : Number(status),
      message: decodeURIComponent(this.trailers?.['grpc-message'] ?? ''),
      resetCode: null,
      connectionClosed: false,
    });
  }

  private end(end: StreamEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.unsent = [];
    this.connection.streams.delete(this.id);
    this.settle(end);
  }
}

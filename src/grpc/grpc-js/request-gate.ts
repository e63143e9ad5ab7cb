import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { CLIENT_PREFACE, FRAME_HEADER_BYTES, FrameType } from '../../http2/index.ts';
import type { TickQueue } from '../../net/index.ts';
import { AuthorityWriter, frameAt } from './authority-writer.ts';

const MAX_HEADERS_BYTES = FRAME_HEADER_BYTES + 16 * 1024;
/** Minimal, so that Node reads the next piece only after it has consumed the one before. */
const HIGH_WATER_MARK_BYTES = 1;

/** Frames that may be delivered in one tick. */
interface Piece {
  readonly bytes: Buffer;
  /** Its last frame may open a stream. */
  readonly opensStream: boolean;
}

/**
 * A duplex between a socket and node:http2 that changes requests in two ways.
 *
 * It replaces `:authority`: nghttp2 resets requests of Dart clients with an empty one, and the replacement identifies the
 * connection of a call.
 *
 * After a frame that opens a stream it delivers the next frame in a later tick: node:http2 emits a stream one tick after its
 * headers, and grpc-js throws if a RST_STREAM or an error has closed that stream by then.
 */
export class RequestGate extends Duplex {
  private readonly socket: Socket;
  private readonly authority: AuthorityWriter;
  private readonly pieces: Piece[] = [];
  /** node:http2 has called `_read` and got nothing yet. */
  private isReading = false;
  private hasEnded = false;
  private hasPushedEnd = false;
  private lastOpenedStream = false;
  /** An incomplete frame. */
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes of the preface or of a frame's payload that are delivered unchanged. */
  private passBytes = CLIENT_PREFACE.length;

  /** `closeQueue` spreads the ends of many connections over event-loop ticks. */
  constructor(socket: Socket, authority: string, closeQueue: TickQueue) {
    super({ allowHalfOpen: false, readableHighWaterMark: HIGH_WATER_MARK_BYTES });
    this.socket = socket;
    this.authority = new AuthorityWriter(authority);
    socket.on('data', (chunk: Buffer) => {
      this.split(chunk);
      this.deliver();
    });
    socket.on('end', () => {
      closeQueue.run(() => {
        this.hasEnded = true;
        this.deliver();
      });
    });
    socket.on('error', () => {}); // followed by close
    socket.on('close', () => {
      // without an error, on which node:http2 would write GOAWAY during a pending write and end the process; EOF would start
      // a shutdown, during which it must not write either, and the router ends the calls of the connection just now
      this.pieces.length = 0;
      this.destroy();
    });
  }

  /** True once the peer has closed its side of the connection, or the socket has closed. */
  get isConnectionEnded(): boolean {
    return this.hasEnded || this.destroyed;
  }

  /**
   * Reads from a paused socket until the next chunk. After a connection error node:http2 sends GOAWAY and stops reading
   * without an event, so it would never read the peer's FIN.
   */
  checkEnd(): void {
    if (!this.isReading && this.socket.isPaused()) this.socket.resume();
  }

  override _read(): void {
    if (this.lastOpenedStream) setImmediate(() => this.readNext());
    else this.readNext();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.socket.write(chunk, encoding, () => callback());
  }

  override _final(callback: () => void): void {
    this.socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }

  private readNext(): void {
    this.isReading = true;
    this.lastOpenedStream = false;
    this.deliver();
  }

  private deliver(): void {
    if (this.destroyed || this.hasPushedEnd) return;
    if (!this.isReading) {
      if (this.pieces.length > 0) this.socket.pause();
      return;
    }
    const piece = this.pieces.shift();
    if (piece !== undefined) {
      this.isReading = false;
      this.lastOpenedStream = piece.opensStream;
      this.push(piece.bytes);
    } else if (this.hasEnded) {
      this.isReading = false;
      this.hasPushedEnd = true;
      this.push(null);
    } else this.socket.resume();
  }

  /** Splits `chunk` after every frame that may open a stream; an incomplete frame of that kind is kept in `rest`. */
  private split(chunk: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    let start = 0;
    let pos = 0;
    while (pos < bytes.length) {
      if (this.passBytes > 0) {
        const end = Math.min(bytes.length, pos + this.passBytes);
        this.passBytes -= end - pos;
        pos = end;
        continue;
      }
      const frame = frameAt(bytes, pos);
      if (frame === null) break;
      const opensStream = frame.type === FrameType.headers || frame.type === FrameType.continuation;
      // node:http2 refuses larger header frames
      if (!opensStream || frame.end - pos > MAX_HEADERS_BYTES) {
        this.passBytes = frame.end - pos;
        continue;
      }
      if (frame.end > bytes.length) break;
      this.add(bytes.subarray(start, pos), false);
      this.add(
        frame.type === FrameType.headers ? this.authority.write(bytes, pos, frame) : bytes.subarray(pos, frame.end),
        true,
      );
      pos = start = frame.end;
    }
    this.add(bytes.subarray(start, pos), false);
    this.rest = bytes.subarray(pos);
  }

  private add(bytes: Buffer, opensStream: boolean): void {
    if (bytes.length > 0) this.pieces.push({ bytes, opensStream });
  }
}

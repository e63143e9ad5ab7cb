import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { CLIENT_PREFACE, FRAME_HEADER_BYTES, FrameType } from '../../http2/index.ts';
import { AuthorityWriter, frameAt } from './http2-frames.ts';

const MAX_HEADERS_BYTES = FRAME_HEADER_BYTES + 16 * 1024;
/** So small that Node asks for the next piece only when it takes the one before. */
const HIGH_WATER_MARK_BYTES = 1;

/** A run of frames that may be read at once. */
interface Piece {
  readonly bytes: Buffer;
  /** Its last frame may open a stream. */
  readonly opensStream: boolean;
}

/**
 * Stands between a socket and node:http2, and does two things to requests.
 *
 * It replaces `:authority`: nghttp2 resets requests of Dart clients that have an empty one, and the replacement tells to
 * which connection a call belongs.
 *
 * It delivers nothing behind a frame that opens a stream in the same tick: node:http2 announces a stream a tick after it
 * has read its headers, and grpc-js throws when a RST_STREAM, or an error, has closed that stream meanwhile.
 */
export class RequestGate extends Duplex {
  private readonly socket: Socket;
  private readonly authority: AuthorityWriter;
  private readonly waiting: Piece[] = [];
  private isWanted = false;
  private hasEnded = false;
  private hasPushedEnd = false;
  private lastOpenedStream = false;
  /** Bytes whose frame is not complete yet. */
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes of the preface or of a frame's payload that are passed on as they are. */
  private passBytes = CLIENT_PREFACE.length;

  constructor(socket: Socket, authority: string) {
    super({ allowHalfOpen: false, readableHighWaterMark: HIGH_WATER_MARK_BYTES });
    this.socket = socket;
    this.authority = new AuthorityWriter(authority);
    socket.on('data', (chunk: Buffer) => {
      this.split(chunk);
      this.deliver();
    });
    socket.on('end', () => {
      this.hasEnded = true;
      this.deliver();
    });
    socket.on('error', () => {}); // followed by close
    socket.on('close', () => this.lost());
  }

  override _read(): void {
    if (this.lastOpenedStream) setImmediate(() => this.want());
    else this.want();
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

  /** An error would make node:http2 write once more while a write is under way, which ends the process: it gets an end. */
  private lost(): void {
    this.waiting.length = 0;
    if (!this.hasPushedEnd) this.push(null);
    this.hasPushedEnd = true;
    this.resume();
  }

  private want(): void {
    this.isWanted = true;
    this.lastOpenedStream = false;
    this.deliver();
  }

  private deliver(): void {
    if (this.destroyed || this.hasPushedEnd) return;
    if (!this.isWanted) {
      if (this.waiting.length > 0) this.socket.pause();
      return;
    }
    const piece = this.waiting.shift();
    if (piece !== undefined) {
      this.isWanted = false;
      this.lastOpenedStream = piece.opensStream;
      this.push(piece.bytes);
    } else if (this.hasEnded) {
      this.isWanted = false;
      this.hasPushedEnd = true;
      this.push(null);
    } else this.socket.resume();
  }

  /** Cuts `chunk` behind every frame that may open a stream; a frame of that kind that is not complete waits for the rest. */
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
      // node:http2 refuses a larger one by its size
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
    if (bytes.length > 0) this.waiting.push({ bytes, opensStream });
  }
}

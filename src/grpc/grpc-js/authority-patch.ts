import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { CLIENT_PREFACE, FRAME_HEAD_BYTES, FrameType } from '../../http2/index.ts';
import { frameAt, isSettingsAck, withAuthority } from './http2-frames.ts';

/**
 * Stands between a socket and node:http2 for clients whose `:authority` is the empty string, as that of some Dart clients
 * is: nghttp2 resets such requests with PROTOCOL_ERROR before anybody sees them. Puts `authority` in its place in every
 * request. Costs a copy in JavaScript each way, so only these clients get it.
 */
export class AuthorityPatch extends Duplex {
  private readonly socket: Socket;
  private readonly authority: string;
  private dropSettingsAck: boolean;
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes of the preface or of a frame's payload that are passed on unseen. */
  private passBytes = CLIENT_PREFACE.length;

  /** `dropSettingsAck`: the first acknowledgement of SETTINGS answers ours, not those of node:http2. */
  constructor(socket: Socket, authority: string, dropSettingsAck: boolean) {
    super({ allowHalfOpen: false });
    this.dropSettingsAck = dropSettingsAck;
    this.socket = socket;
    this.authority = authority;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(this.patch(chunk))) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.socket.write(chunk, encoding, callback);
  }

  override _final(callback: () => void): void {
    this.socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }

  /** `chunk` with every HEADERS frame patched; a frame head or HEADERS frame that is not complete waits for the rest. */
  private patch(chunk: Buffer): Buffer {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    const out: Buffer[] = [];
    let pos = 0;
    while (pos < bytes.length) {
      if (this.passBytes > 0) {
        const end = Math.min(bytes.length, pos + this.passBytes);
        out.push(bytes.subarray(pos, end));
        this.passBytes -= end - pos;
        pos = end;
        continue;
      }
      const frame = frameAt(bytes, pos);
      if (frame === null) break;
      if (this.dropSettingsAck && isSettingsAck(frame)) {
        this.dropSettingsAck = false;
        pos = frame.end;
      } else if (frame.type !== FrameType.headers) {
        this.passBytes = frame.end - pos;
      } else if (frame.end > bytes.length && frame.end - pos <= MAX_HEADERS_BYTES) {
        break;
      } else if (frame.end > bytes.length) {
        this.passBytes = frame.end - pos; // node:http2 refuses it by its size
      } else {
        out.push(withAuthority(bytes, pos, frame, this.authority));
        pos = frame.end;
      }
    }
    this.rest = bytes.subarray(pos);
    return Buffer.concat(out);
  }
}

const MAX_HEADERS_BYTES = FRAME_HEAD_BYTES + 16 * 1024;

import type { Socket } from 'node:net';
import { CLIENT_PREFACE } from '../../http2/index.ts';
import { ProtocolDetector, UPGRADE_REQUIRED } from '../../net/index.ts';

export interface PrefaceReaderOptions {
  /** Time for the client preface, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** The client preface has arrived. All bytes read are back in the socket, which is paused. */
  readonly onReady: () => void;
  readonly onFailed: (reason: 'handshakeTimeout' | 'protocolError', details: string) => void;
}

/** Reads the client preface of a new connection, then puts it back for node:http2. */
export class PrefaceReader {
  private readonly socket: Socket;
  private readonly options: PrefaceReaderOptions;
  private bytes: Buffer = Buffer.alloc(0);
  private readonly timer: NodeJS.Timeout;
  private detector: ProtocolDetector | null = null;
  private readonly onData = (chunk: Buffer): void => this.read(chunk);
  private readonly onClosed = (): void => this.release();

  constructor(socket: Socket, options: PrefaceReaderOptions) {
    this.socket = socket;
    this.options = options;
    this.timer = setTimeout(() => this.fail('handshakeTimeout', ''), options.handshakeTimeoutMs);
    socket.on('data', this.onData);
    socket.on('close', this.onClosed);
  }

  private read(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const compared = Math.min(this.bytes.length, CLIENT_PREFACE.length);
    if (this.bytes.compare(CLIENT_PREFACE, 0, compared, 0, compared) !== 0) this.otherProtocol(chunk);
    else if (compared === CLIENT_PREFACE.length) {
      this.release();
      this.socket.pause();
      this.socket.unshift(this.bytes);
      this.options.onReady();
    }
  }

  private otherProtocol(chunk: Buffer): void {
    const isFirst = this.detector === null;
    this.detector ??= new ProtocolDetector();
    const protocol = this.detector.push(isFirst ? this.bytes : chunk);
    if (protocol === 'http1') {
      this.socket.write(UPGRADE_REQUIRED, () => this.fail('protocolError', 'HTTP/1 request, answered with 426'));
    } else if (protocol === 'unknown') this.fail('protocolError', 'no HTTP/2 client preface');
  }

  private fail(reason: 'handshakeTimeout' | 'protocolError', details: string): void {
    this.release();
    if (!this.socket.destroyed) this.options.onFailed(reason, details);
  }

  private release(): void {
    clearTimeout(this.timer);
    this.socket.off('data', this.onData);
    this.socket.off('close', this.onClosed);
  }
}

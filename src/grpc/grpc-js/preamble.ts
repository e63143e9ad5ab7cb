import type { Socket } from 'node:net';
import { CLIENT_PREFACE, FrameType } from '../../http2/index.ts';
import { EMPTY_SETTINGS, frameAt, hasEmptyAuthority, isSettingsAck } from './http2-frames.ts';

/** How long a client that says nothing but hello is given to send its first request before it gets our SETTINGS. */
const SETTINGS_DELAY_MS = 5;
/** How long its acknowledgement may take once the first request is there. */
const ACK_WAIT_MS = 1000;
/** More than a client can send before its windows are opened. */
const MAX_PREAMBLE_BYTES = 256 * 1024;

/** Why a connection cannot be handed to node:http2 as it is. */
export interface PatchNeed {
  /** Its requests have an empty `:authority`, or that is not known. */
  readonly authority: boolean;
  /** The acknowledgement of our SETTINGS is still to come, and has to be taken out. */
  readonly settingsAck: boolean;
}

export interface PreambleOptions {
  /** Time for the client preface, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Time without a request after which the connection is handed on unseen, in milliseconds. */
  readonly idleMs: number;
  /** The first request is known, or the wait is over. */
  readonly onReady: (need: PatchNeed) => void;
  readonly onFailed: (reason: 'handshakeTimeout' | 'protocolError') => void;
}

/**
 * Reads a new connection up to its first request, to learn whether its `:authority` is empty (see AuthorityPatch), and
 * puts the bytes back for node:http2 to read. Clients that wait for the server's SETTINGS before they send a request get
 * empty ones, whose acknowledgement is taken out again, here or by AuthorityPatch: node:http2 sends its own SETTINGS and
 * must not see two answers.
 */
export class Preamble {
  private readonly socket: Socket;
  private readonly options: PreambleOptions;
  private bytes: Buffer = Buffer.alloc(0);
  private pos = CLIENT_PREFACE.length;
  private timer: NodeJS.Timeout;
  private settingsSent = false;
  private writing = false;
  private handOverLater: (() => void) | null = null;
  private acknowledged = false;
  /** Undecided while undefined. */
  private patchAuthority: boolean | undefined;
  private done = false;
  private readonly onData = (chunk: Buffer): void => this.read(chunk);
  private readonly onEnd = (): void => {
    this.finish();
  };

  constructor(socket: Socket, options: PreambleOptions) {
    this.socket = socket;
    this.options = options;
    this.timer = setTimeout(() => this.fail('handshakeTimeout'), options.handshakeTimeoutMs);
    socket.on('data', this.onData);
    socket.on('close', this.onEnd);
    socket.on('error', this.onEnd);
  }

  private read(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const known = Math.min(this.bytes.length, CLIENT_PREFACE.length);
    if (this.bytes.compare(CLIENT_PREFACE, 0, known, 0, known) !== 0) {
      this.fail('protocolError');
      return;
    }
    if (this.bytes.length < CLIENT_PREFACE.length) return;
    this.readFrames();
    if (this.done) return;
    if (this.bytes.length > MAX_PREAMBLE_BYTES) this.handOver(this.patchAuthority ?? true);
    else if (this.patchAuthority !== undefined) this.whenAcknowledged(this.patchAuthority);
    else if (!this.settingsSent) this.restartTimer(SETTINGS_DELAY_MS, () => this.sendSettings());
  }

  private readFrames(): void {
    for (let frame = frameAt(this.bytes, this.pos); frame !== null; frame = frameAt(this.bytes, this.pos)) {
      if (frame.end > this.bytes.length) return;
      if (this.settingsSent && !this.acknowledged && isSettingsAck(frame)) {
        this.acknowledged = true;
        this.bytes = Buffer.concat([this.bytes.subarray(0, this.pos), this.bytes.subarray(frame.end)]);
        continue;
      }
      if (frame.type === FrameType.headers) this.patchAuthority ??= hasEmptyAuthority(this.bytes, frame);
      else if (!EXPECTED_TYPES.has(frame.type)) this.patchAuthority ??= true;
      this.pos = frame.end;
    }
  }

  private sendSettings(): void {
    this.settingsSent = true;
    this.writing = true;
    this.socket.write(EMPTY_SETTINGS, () => {
      this.writing = false;
      this.handOverLater?.();
    });
    this.restartTimer(this.options.idleMs, () => this.handOver(true));
  }

  private whenAcknowledged(patchAuthority: boolean): void {
    if (!this.settingsSent || this.acknowledged) this.handOver(patchAuthority);
    else this.restartTimer(ACK_WAIT_MS, () => this.handOver(patchAuthority));
  }

  private handOver(patchAuthority: boolean): void {
    if (this.writing) {
      // node:http2 writes past the socket's own queue; with TLS that ends the process while a write is under way
      this.socket.pause();
      this.handOverLater = () => this.handOver(patchAuthority);
      return;
    }
    if (!this.finish()) return;
    this.socket.pause();
    this.socket.unshift(this.bytes);
    this.options.onReady({ authority: patchAuthority, settingsAck: this.settingsSent && !this.acknowledged });
  }

  private fail(reason: 'handshakeTimeout' | 'protocolError'): void {
    if (this.finish()) this.options.onFailed(reason);
  }

  /** Lets go of the socket; false when that has happened before. */
  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    clearTimeout(this.timer);
    this.socket.off('data', this.onData);
    this.socket.off('close', this.onEnd);
    this.socket.off('error', this.onEnd);
    return true;
  }

  private restartTimer(delayMs: number, run: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(run, delayMs);
  }
}

/** What a client may send before its first request without anything being decided. */
const EXPECTED_TYPES: ReadonlySet<number> = new Set([FrameType.settings, FrameType.windowUpdate, FrameType.priority]);

import { ConnectionError, ErrorCode } from './errors.ts';
import type { FloodGuard } from './flood-guard.ts';
import { Flag, FrameType, MAX_WINDOW_BYTES, pingFrame, readUint32, SETTINGS_ACK } from './frames.ts';
import { HPACK_TABLE_BYTES } from './hpack-decoder.ts';
import type { Sender } from './sender.ts';
import { applySettings, type PeerSettings } from './settings.ts';
import type { StreamTable } from './stream-table.ts';

export interface ControlFramesDependencies {
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly guard: FloodGuard;
  readonly peer: PeerSettings;
  /** Called when the client answers a PING with this payload. */
  readonly onPong: (payload: Buffer) => void;
}

/** Handles frames other than HEADERS, CONTINUATION and DATA (RFC 9113, section 6). Throws ConnectionError. */
export class ControlFrames {
  private readonly deps: ControlFramesDependencies;

  constructor(deps: ControlFramesDependencies) {
    this.deps = deps;
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (type === FrameType.windowUpdate) this.onWindowUpdate(streamId, length, bytes, start);
    else if (type === FrameType.rstStream) this.onReset(streamId, length);
    else if (type === FrameType.ping) this.onPing(flags, streamId, bytes, start, end);
    else if (type === FrameType.settings) this.onSettings(flags, streamId, bytes, start, end);
    else if (type === FrameType.pushPromise)
      throw new ConnectionError(ErrorCode.protocol, 'PUSH_PROMISE from a client');
    else if (type === FrameType.priority) this.onPriority(streamId, length);
    else if (type === FrameType.goaway) this.onGoaway(streamId, length);
    else this.deps.guard.countIdle(); // unknown types must be ignored
  }

  private onWindowUpdate(streamId: number, length: number, bytes: Buffer, start: number): void {
    const { streams, sender, guard } = this.deps;
    expectLength(length, 4);
    guard.countControl();
    const increment = readUint32(bytes, start) & MAX_WINDOW_BYTES;
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.protocol, 'WINDOW_UPDATE with increment 0');
      if (!sender.increaseWindow(increment)) throw new ConnectionError(ErrorCode.flowControl, 'window beyond 2^31');
      return;
    }
    const stream = streams.find(streamId);
    if (stream === null) return; // closed in the meantime
    if (increment === 0) guard.reset(stream, ErrorCode.protocol);
    else if (stream.sendWindow + increment > MAX_WINDOW_BYTES) guard.reset(stream, ErrorCode.flowControl);
    else sender.changeStreamWindow(stream, increment);
  }

  private onReset(streamId: number, length: number): void {
    const { streams, sender, guard } = this.deps;
    expectLength(length, 4);
    const stream = streams.find(streamId);
    if (stream?.handler) guard.countReset();
    else guard.countControl();
    if (stream === null) return;
    sender.discard(stream);
    streams.close(stream);
  }

  private onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    expectLength(end - start, 8);
    expectNoStream(streamId);
    const { guard, sender, onPong } = this.deps;
    guard.countControl();
    const payload = bytes.subarray(start, end);
    if ((flags & Flag.ack) === 0) sender.sendFrame(pingFrame(payload, true));
    else onPong(payload);
  }

  private onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const { streams, sender, guard, peer } = this.deps;
    expectNoStream(streamId);
    guard.countIdle();
    if ((flags & Flag.ack) !== 0) {
      expectLength(end - start, 0);
      return;
    }
    const windowBefore = peer.initialWindowBytes;
    applySettings(peer, bytes, start, end);
    if (peer.headerTableBytes < HPACK_TABLE_BYTES) sender.announceTableSizeZero();
    sender.sendFrame(SETTINGS_ACK);
    const change = peer.initialWindowBytes - windowBefore;
    if (change !== 0) streams.changeSendWindows(sender, change);
  }

  /** PRIORITY is ignored (deprecated by RFC 9113, section 5.3.2). */
  private onPriority(streamId: number, length: number): void {
    expectLength(length, 5);
    if (streamId === 0) throw new ConnectionError(ErrorCode.protocol, 'PRIORITY of no stream');
    this.deps.guard.countIdle();
  }

  /** GOAWAY is ignored: the client ends its streams and closes the connection by itself. */
  private onGoaway(streamId: number, length: number): void {
    if (length < 8) expectLength(length, 8);
    expectNoStream(streamId);
    this.deps.guard.countIdle();
  }
}

function expectLength(length: number, expected: number): void {
  if (length !== expected) throw new ConnectionError(ErrorCode.frameSize, 'frame of a wrong length');
}

function expectNoStream(streamId: number): void {
  if (streamId !== 0) throw new ConnectionError(ErrorCode.protocol, 'frame of the connection on a stream');
}

import assert from 'node:assert/strict';
import { HpackDecoder } from '../support/hpack.ts';
import { Flag, type Frame, FrameParser, FrameType, frameContent, PREFACE, Setting } from '../support/http2-frames.ts';

const STREAM_CLOSED = 5;
const MAX_FRAME_BYTES = 16_384;
const FIRST_WINDOW = 65_535;

const MAX_STREAM_ID = 0x7fffffff;

/** The client's view of a stream. */
interface Seen {
  /** SETTINGS of the client when it opened the stream. */
  readonly settingsBefore: number;
  window: number;
  bodyBytes: number;
  ended: boolean;
  reset: boolean;
}

/** `bytes` of a response body, from `pos` on. */
export function bodyPart(streamId: number, pos: number, bytes: number): Buffer {
  const cycle = Buffer.from(Array.from({ length: 256 }, (_, i) => (31 * (pos + i) + streamId) & 0xff));
  return Buffer.alloc(bytes, cycle);
}

/**
 * Checks both directions of one connection against RFC 9113, independently of the sources of the router: records the windows
 * that the client grants, and reports invalid frames, frames that do not fit their stream, and data beyond a window.
 */
export class Http2Observer {
  /** All bytes sent by the client. */
  private readonly fromClient: Buffer[] = [];
  private readonly clientParser = new FrameParser();
  private readonly serverParser = new FrameParser();
  private readonly hpack = new HpackDecoder();
  private readonly streams = new Map<number, Seen>();
  private prefaceBytes = 0;
  private isPreface = true;
  private connectionWindow = FIRST_WINDOW;
  /** The initial window after each SETTINGS of the client, and the number of acknowledged SETTINGS. */
  private readonly initialWindows = [FIRST_WINDOW];
  private acknowledged = 0;
  private readonly pings: string[] = [];
  private framesSeen = 0;
  private isOver = false;

  /** The client sends `bytes`. */
  sent(bytes: Buffer): void {
    this.fromClient.push(bytes);
    const before = Math.min(bytes.length, PREFACE.length - this.prefaceBytes);
    const expected = PREFACE.subarray(this.prefaceBytes, this.prefaceBytes + before);
    this.isPreface &&= bytes.subarray(0, before).equals(expected);
    this.prefaceBytes += before;
    if (this.isPreface) for (const frame of this.clientParser.push(bytes.subarray(before))) this.grant(frame);
  }

  /** The server has written `bytes`; `written` returns the body bytes passed to it. */
  received(bytes: Buffer, written: (streamId: number) => number): void {
    const frames = this.serverParser.push(bytes);
    const frameBytes = frames.reduce((sum, { payload }) => sum + 9 + payload.length, 0);
    assert.equal(frameBytes, bytes.length, 'a write is whole frames');
    for (const frame of frames) this.check(frame, written);
  }

  /** The request body sent on each stream, including a part of the last frame. */
  requestBodies(): ReadonlyMap<number, Buffer> {
    const bytes = Buffer.concat(this.fromClient).subarray(PREFACE.length);
    const missing = Buffer.alloc(MAX_FRAME_BYTES);
    const bodies = new Map<number, Buffer>();
    for (const frame of new FrameParser().push(Buffer.concat([bytes, missing]))) {
      if (frame.type !== FrameType.data) continue;
      const before = bodies.get(frame.streamId) ?? missing.subarray(0, 0);
      bodies.set(frame.streamId, Buffer.concat([before, frameContent(frame)]));
    }
    return bodies;
  }

  private grant({ type, flags, streamId, payload }: Frame): void {
    if (type === FrameType.headers && !this.streams.has(streamId)) {
      const window = this.initialWindows.at(-1) as number;
      const settingsBefore = this.initialWindows.length - 1;
      this.streams.set(streamId, { settingsBefore, window, bodyBytes: 0, ended: false, reset: false });
    } else if (type === FrameType.windowUpdate && payload.length === 4) {
      const increment = payload.readUInt32BE(0) & 0x7fffffff;
      const stream = this.streams.get(streamId);
      if (streamId === 0) this.connectionWindow += increment;
      else if (stream !== undefined) stream.window += increment;
    } else if (type === FrameType.settings && (flags & Flag.ack) === 0) {
      this.initialWindows.push(initialWindowOf(payload) ?? (this.initialWindows.at(-1) as number));
    } else if (type === FrameType.ping && (flags & Flag.ack) === 0) this.pings.push(payload.toString('hex'));
  }

  private check(frame: Frame, written: (streamId: number) => number): void {
    const { type, flags, streamId, payload } = frame;
    assert.equal(this.isOver, false, 'a frame behind GOAWAY with an error');
    assert.ok(payload.length <= MAX_FRAME_BYTES, `a frame of ${payload.length} bytes`);
    if (type === FrameType.goaway) this.checkGoaway(frame);
    else if (type === FrameType.settings) this.checkSettings(frame);
    else if (type === FrameType.ping) this.checkPing(frame);
    else if (type === FrameType.windowUpdate) {
      assert.ok(payload.length === 4 && flags === 0 && payload.readUInt32BE(0) - 1 < 0x7fffffff, 'no window update');
      if (streamId > 0) assert.equal(this.stream(streamId).reset, false);
    } else if (type === FrameType.headers) this.checkHeaders(frame, written);
    else if (type === FrameType.data) this.checkData(frame);
    else if (type === FrameType.rstStream) this.checkReset(frame);
    else assert.fail(`a frame of type ${type}`);
    this.framesSeen++;
  }

  private stream(streamId: number): Seen {
    const stream = this.streams.get(streamId);
    assert.ok(stream !== undefined, `stream ${streamId} was not opened`);
    return stream;
  }

  private checkGoaway({ flags, streamId, payload }: Frame): void {
    assert.deepEqual([flags, streamId, payload.length], [0, 0, 8]);
    const last = payload.readUInt32BE(0);
    this.isOver = payload.readUInt32BE(4) !== 0;
    const isWarning = last === MAX_STREAM_ID && !this.isOver;
    assert.ok(isWarning || last <= Math.max(0, ...this.streams.keys()), 'a stream that was not opened');
  }

  private checkSettings({ flags, streamId, payload }: Frame): void {
    assert.equal(streamId, 0);
    if (flags === 0) {
      assert.deepEqual([this.framesSeen, payload.length % 6], [0, 0], 'the first frame');
      return;
    }
    assert.deepEqual([flags, payload.length], [Flag.ack, 0]);
    const before = this.initialWindows[this.acknowledged++] as number;
    const now = this.initialWindows[this.acknowledged];
    assert.ok(now !== undefined, 'an acknowledgement of nothing');
    for (const stream of this.streams.values()) {
      if (stream.settingsBefore < this.acknowledged) stream.window += now - before;
    }
  }

  private checkPing({ flags, streamId, payload }: Frame): void {
    assert.equal(streamId, 0);
    if (flags === Flag.ack) assert.equal(payload.toString('hex'), this.pings.shift());
    else assert.deepEqual([flags, payload.length], [0, 8]);
  }

  private checkHeaders({ flags, streamId, payload }: Frame, written: (streamId: number) => number): void {
    const stream = this.stream(streamId);
    assert.deepEqual([stream.ended, stream.reset], [false, false], 'HEADERS behind the end');
    const fields = this.hpack.decode(payload);
    const isAnswer = fields.length > 0 && fields.every(([name]) => name === ':status' || name === 'grpc-status');
    assert.equal(isAnswer, true, 'no header block of an answer');
    assert.equal(flags & ~Flag.endStream, Flag.endHeaders);
    stream.ended = (flags & Flag.endStream) !== 0;
    if (stream.ended) assert.equal(stream.bodyBytes, written(streamId), 'all of the body ahead of its end');
  }

  private checkData({ flags, streamId, payload }: Frame): void {
    const stream = this.stream(streamId);
    assert.deepEqual([flags, stream.ended, stream.reset], [0, false, false], 'DATA behind the end');
    this.connectionWindow -= payload.length;
    stream.window -= payload.length;
    assert.ok(this.connectionWindow >= 0, 'beyond the connection\u2019s window');
    assert.ok(stream.window >= 0, `beyond the window of stream ${streamId}`);
    assert.ok(payload.equals(bodyPart(streamId, stream.bodyBytes, payload.length)), 'another body');
    stream.bodyBytes += payload.length;
  }

  private checkReset({ flags, streamId, payload }: Frame): void {
    if (!this.streams.has(streamId)) this.checkResetOfSkipped(streamId, payload.readUInt32BE(0));
    const stream = this.stream(streamId);
    assert.deepEqual([flags, payload.length, stream.reset], [0, 4, false], 'reset again');
    stream.reset = true;
  }

  /** A stream id that the client skipped and then uses for DATA belongs to a closed stream. */
  private checkResetOfSkipped(streamId: number, code: number): void {
    assert.equal(code, STREAM_CLOSED);
    assert.ok(streamId < Math.max(...this.streams.keys()), `stream ${streamId} was not opened`);
    this.streams.set(streamId, { settingsBefore: 0, window: 0, bodyBytes: 0, ended: true, reset: false });
  }
}

/** The last valid value; undefined without one. */
function initialWindowOf(payload: Buffer): number | undefined {
  let value: number | undefined;
  for (let pos = 0; pos + 6 <= payload.length; pos += 6) {
    if (payload.readUInt16BE(pos) === Setting.initialWindowSize) value = payload.readUInt32BE(pos + 2);
  }
  return value;
}

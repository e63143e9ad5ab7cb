import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, Flag, FrameType } from '../../test/support/http2-frames.ts';
import { ConnectionError } from './errors.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';

/** Records one line per frame, however its data was split. */
class Recorder implements FrameSink {
  readonly seen: string[] = [];
  /** Sizes of the DATA chunks. */
  readonly chunks: number[] = [];
  readonly reader = new FrameReader(this);
  reservedBytes = 0;
  whenSeen: () => void = () => {};
  private data: { line: string; content: Buffer[] } | null = null;

  beginData(streamId: number, length: number): void {
    assert.equal(this.data, null, 'a frame begins within another one');
    this.data = { line: `data ${streamId} ${length}`, content: [] };
  }

  onData(bytes: Buffer, start: number, end: number): void {
    assert.ok(this.data !== null && start < end && end <= bytes.length);
    this.chunks.push(end - start);
    this.data.content.push(bytes.subarray(start, end));
  }

  endData(length: number, endStream: boolean): void {
    assert.ok(this.data !== null);
    const { line, content } = this.data;
    const bytes = Buffer.concat(content);
    assert.equal(bytes.length, length);
    this.data = null;
    this.note(`${line} ${bytes.toString('hex')}${endStream ? ' end' : ''}`);
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    assert.equal(this.data, null);
    this.note(`frame ${type} ${flags} ${streamId} ${bytes.toString('hex', start, end)}`);
  }

  reserveBytes(change: number): boolean {
    this.reservedBytes += change;
    return true;
  }

  private note(line: string): void {
    this.seen.push(line);
    this.whenSeen();
  }
}

/** Pushes `stream` split at `cuts`. Returns the recorded frames and the error, if any. */
function read(stream: Buffer, cuts: readonly number[]): string[] {
  const recorder = new Recorder();
  const borders = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  try {
    borders.slice(1).forEach((end, i) => {
      recorder.reader.push(Buffer.from(stream.subarray(borders[i], end)), 0);
    });
  } catch (error) {
    assert.ok(error instanceof ConnectionError);
    recorder.seen.push(`error ${error.code}`);
  }
  return recorder.seen;
}

const payloads = fc
  .oneof({ weight: 8, arbitrary: fc.uint8Array({ maxLength: 30 }) }, fc.uint8Array({ minLength: 60, maxLength: 300 }))
  .map((bytes) => Buffer.from(bytes));
const frames = fc
  .tuple(fc.oneof(fc.constant(0), fc.nat(10)), fc.oneof(fc.constant(0), fc.nat(255)), fc.nat(0x7fffffff), payloads)
  .map((parts) => ({ line: lineOf(...parts), bytes: encodeFrame(...parts) }));
const cuts = fc.array(fc.nat(), { maxLength: 20 });

function lineOf(type: number, flags: number, streamId: number, payload: Buffer): string {
  const hex = payload.toString('hex');
  if (type !== FrameType.data || (flags & Flag.padded) !== 0) return `frame ${type} ${flags} ${streamId} ${hex}`;
  return `data ${streamId} ${payload.length} ${hex}${(flags & Flag.endStream) !== 0 ? ' end' : ''}`;
}

test('FrameReader: the frames do not depend on how the stream is split', () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 8 }), cuts, (given, at) => {
      const stream = Buffer.concat(given.map(({ bytes }) => bytes));
      assert.deepEqual(
        read(stream, at),
        given.map(({ line }) => line),
      );
    }),
  );
});

test('FrameReader: arbitrary bytes are read the same however they are split', () => {
  // lengths below 2^16, so that not all of it is one frame
  const bytes = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 40 })), { maxLength: 10 });
  fc.assert(
    fc.property(bytes, cuts, (parts, at) => {
      const stream = Buffer.concat(parts.flatMap(([first, rest]) => [Buffer.from([0, 0, first]), rest]));
      assert.deepEqual(read(stream, at), read(stream, []));
    }),
  );
});

test('FrameReader: reads byte by byte', () => {
  const stream = Buffer.concat([
    encodeFrame(FrameType.settings, 0, 0, Buffer.alloc(0)),
    encodeFrame(FrameType.data, 1, 5, Buffer.alloc(0)),
    encodeFrame(FrameType.headers, 4, 0x7fffffff, Buffer.alloc(500, 'h')),
    encodeFrame(FrameType.data, 0, 5, Buffer.alloc(500, 'd')),
    encodeFrame(FrameType.ping, 0, 0, Buffer.alloc(8, 'p')),
  ]);
  const all = Array.from(stream, (_, at) => at);
  assert.equal(read(stream, all).length, 5);
  assert.deepEqual(read(stream, all), read(stream, []));
});

test('FrameReader: passes on DATA as it arrives, and ends it with its last byte', () => {
  const recorder = new Recorder();
  const frame = encodeFrame(FrameType.data, 0, 1, Buffer.alloc(100, 'd'));
  for (const [from, to] of [
    [0, 4],
    [4, 9],
    [9, 10],
    [10, 60],
    [60, 108],
  ] as const) {
    recorder.reader.push(frame.subarray(from, to), 0);
    assert.equal(recorder.seen.length, 0);
  }
  assert.deepEqual(recorder.chunks, [1, 50, 48]);
  recorder.reader.push(Buffer.concat([frame.subarray(108), frame]), 0);
  assert.deepEqual(recorder.chunks, [1, 50, 48, 1, 100]);
  assert.equal(recorder.seen.length, 2);
});

test('FrameReader: does not copy DATA', () => {
  const recorder = new Recorder();
  const chunk = Buffer.concat([Buffer.alloc(5), encodeFrame(FrameType.data, 0, 1, Buffer.from('abc'))]);
  recorder.onData = (bytes, start, end) => {
    assert.equal(bytes, chunk);
    assert.deepEqual([start, end], [14, 17]);
    recorder.endData = () => {};
    recorder.seen.push('data');
  };
  recorder.reader.push(chunk, 5);
  assert.deepEqual(recorder.seen, ['data']);
});

test('FrameReader: passes on padded DATA as one frame with its padding', () => {
  const payload = Buffer.from('03616263000000', 'hex');
  const stream = encodeFrame(FrameType.data, Flag.padded | Flag.endStream, 7, payload);
  for (let at = 0; at < stream.length; at++) assert.deepEqual(read(stream, [at]), ['frame 0 9 7 03616263000000']);
});

test('FrameReader: ignores the reserved bit of the stream id', () => {
  const stream = encodeFrame(FrameType.data, 0, 0x80000003, Buffer.from('a'));
  assert.deepEqual(read(stream, []), ['data 3 1 61']);
});

test('FrameReader: refuses a frame beyond the size limit by its header', () => {
  for (const type of [FrameType.data, FrameType.headers, FrameType.settings, 0x77]) {
    assert.equal(read(encodeFrame(type, 0, 1, Buffer.alloc(16_384)), [9, 5000]).length, 1);
    for (const length of [16_385, 0xffffff]) {
      const header = Buffer.from([length >>> 16, length >>> 8, length, type, 0, 0, 0, 0, 1]);
      for (const at of [[], [1], [8]]) assert.deepEqual(read(header, at), ['error 6']);
    }
  }
});

test('FrameReader.stop: ignores the rest of the chunk and all later ones', () => {
  const ping = encodeFrame(FrameType.ping, 0, 0, Buffer.alloc(8));
  const data = encodeFrame(FrameType.data, 0, 1, Buffer.alloc(8));
  for (const stream of [ping, data]) {
    for (let at = 1; at <= stream.length; at++) {
      const recorder = new Recorder();
      recorder.whenSeen = () => recorder.reader.stop();
      recorder.reader.push(stream.subarray(0, at), 0);
      recorder.reader.push(Buffer.concat([stream.subarray(at), ping, data, ping]), 0);
      recorder.reader.push(ping, 0);
      assert.equal(recorder.seen.length, 1);
    }
  }
});

test('FrameReader: reassembly copies linearly, however small the chunks', (t) => {
  const frame = encodeFrame(FrameType.headers, 0, 1, Buffer.alloc(16_384, 'h'));
  const allocations = t.mock.method(Buffer, 'allocUnsafeSlow');
  for (const size of [1, 7, 1000]) {
    const recorder = new Recorder();
    allocations.mock.resetCalls();
    for (let pos = 0; pos < frame.length; pos += size) recorder.reader.push(frame.subarray(pos, pos + size), 0);
    assert.equal(recorder.seen.length, 1);
    const bytes = allocations.mock.calls.reduce((sum, call) => sum + Number(call.arguments[0]), 0);
    assert.ok(allocations.mock.callCount() <= 12 && bytes <= 4 * frame.length, `${bytes} bytes for ${frame.length}`);
  }
});

test('FrameReader: memory follows the bytes received, not the announced length', (t) => {
  const header = encodeFrame(FrameType.headers, 0, 1, Buffer.alloc(16_384)).subarray(0, 9);
  const allocations = t.mock.method(Buffer, 'allocUnsafeSlow');
  new Recorder().reader.push(Buffer.from(header), 0);
  for (const { arguments: given } of allocations.mock.calls) assert.ok(Number(given[0]) <= 64);
});

test('FrameReader.pause: stops after the current frame, and the rest can be read later', () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 8 }), cuts, fc.uniqueArray(fc.nat(7)), (given, at, pauses) => {
      const stream = Buffer.concat(given.map(({ bytes }) => bytes));
      const recorder = new Recorder();
      recorder.whenSeen = () => {
        if (pauses.includes(recorder.seen.length - 1)) recorder.reader.pause();
      };
      const borders = [0, ...at.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
      borders.slice(1).forEach((end, i) => {
        let left = Buffer.from(stream.subarray(borders[i], end));
        for (;;) {
          const before = recorder.seen.length;
          left = left.subarray(recorder.reader.push(left, 0));
          if (left.length === 0) break;
          assert.ok(pauses.includes(recorder.seen.length - 1) && recorder.seen.length > before);
          recorder.reader.resume();
        }
        recorder.reader.resume();
      });
      assert.deepEqual(
        recorder.seen,
        given.map(({ line }) => line),
      );
    }),
  );
});

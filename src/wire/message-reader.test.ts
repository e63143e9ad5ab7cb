import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { prefix } from '../../test/support/framing.ts';
import { MessageReader, type MessageSink } from './message-reader.ts';

const MAX_BYTES = 100_000;

/** Records the messages of a reader, and its reserved bytes. */
class Recorder implements MessageSink {
  readonly seen: string[] = [];
  heldBytes = 0;
  /** Number of times a buffer was allocated or enlarged. */
  allocations = 0;
  limitBytes = Number.POSITIVE_INFINITY;
  readonly reader: MessageReader;

  constructor(maxMessageBytes = MAX_BYTES) {
    this.reader = new MessageReader(this, maxMessageBytes);
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    assert.equal(bytes.readUInt32BE(start - 4), end - start, 'its prefix stands right before it');
    this.seen.push(bytes.toString('latin1', start, end));
  }

  onFault(fault: string): void {
    this.seen.push(`fault: ${fault}`);
  }

  reserveBytes(bytes: number): boolean {
    if (this.heldBytes + bytes > this.limitBytes) return false;
    this.heldBytes += bytes;
    this.allocations++;
    return true;
  }

  releaseBytes(bytes: number): void {
    this.heldBytes -= bytes;
  }
}

/** Passes `stream` split at `cuts`, ends it, and returns the recorded calls. */
function read(stream: Buffer, cuts: readonly number[], maxMessageBytes = MAX_BYTES): string[] {
  const recorder = new Recorder(maxMessageBytes);
  const borders = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  borders.slice(1).forEach((end, i) => {
    recorder.reader.push(stream.subarray(borders[i], end));
  });
  recorder.reader.end();
  assert.equal(recorder.heldBytes, 0, 'no memory is held after the end');
  return recorder.seen;
}

const messages = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 8 },
);
const cuts = fc.array(fc.nat(), { maxLength: 20 });

test('MessageReader: the messages do not depend on how the stream is split', () => {
  fc.assert(
    fc.property(messages, cuts, (bodies, at) => {
      const stream = Buffer.concat(bodies.map((body) => prefix(body)));
      assert.deepEqual(
        read(stream, at),
        bodies.map((body) => body.toString('latin1')),
      );
    }),
  );
});

test('MessageReader: arbitrary bytes are read the same however they are split', () => {
  const faulty = fc.tuple(messages, fc.uint8Array({ maxLength: 12 })).map(([bodies, tail]) => {
    return Buffer.concat([...bodies.map((body) => prefix(body)), tail]);
  });
  fc.assert(fc.property(faulty, cuts, (stream, at) => assert.deepEqual(read(stream, at, 30), read(stream, [], 30))));
});

test('MessageReader: two large messages, byte by byte and in halves', () => {
  const bodies = [Buffer.alloc(20_000, 'a'), Buffer.alloc(MAX_BYTES, 'b')];
  const stream = Buffer.concat(bodies.map((body) => prefix(body)));
  const expected = bodies.map((body) => body.toString('latin1'));
  for (const pieces of [stream.length, 2, 3, 1000]) {
    const cutsAt = Array.from({ length: pieces - 1 }, (_, i) => Math.floor(((i + 1) * stream.length) / pieces));
    assert.ok(
      read(stream, cutsAt).every((message, i) => message === expected[i]),
      `${pieces} pieces`,
    );
  }
});

test('MessageReader: an empty message is a message', () => {
  assert.deepEqual(read(Buffer.alloc(10), [3]), ['', '']);
});

test('MessageReader: accepts the maximum size, refuses a longer message by its prefix', () => {
  assert.deepEqual(read(prefix(Buffer.alloc(35, 'x')), [7], 30), ['x'.repeat(35)], '5 more for an inner prefix');
  for (const at of [[], [2], [5]]) {
    assert.deepEqual(read(prefix(Buffer.alloc(36)).subarray(0, 6), at, 30), ['fault: tooLarge']);
    assert.deepEqual(read(Buffer.from('00ffffffff', 'hex'), at, 30), ['fault: tooLarge'], 'a length beyond int32');
  }
});

test('MessageReader: refuses a compressed message and ignores the rest', () => {
  const stream = Buffer.concat([prefix(Buffer.from('a')), prefix(Buffer.from('b'), 1), prefix(Buffer.from('c'))]);
  for (let at = 0; at < stream.length; at++) assert.deepEqual(read(stream, [at]), ['a', 'fault: compressed']);
});

test('MessageReader: reports a truncated message once', () => {
  const stream = prefix(Buffer.from('abc'));
  for (let end = 1; end < stream.length; end++)
    assert.deepEqual(read(stream.subarray(0, end), []), ['fault: truncated']);
  const recorder = new Recorder();
  recorder.reader.push(stream.subarray(0, 4));
  recorder.reader.end();
  recorder.reader.end();
  recorder.reader.push(stream);
  assert.deepEqual(recorder.seen, ['fault: truncated']);
});

test('MessageReader: memory follows the received bytes, not the announced length', () => {
  const recorder = new Recorder(1 << 30);
  const announced = Buffer.from('0020000000', 'hex');
  recorder.reader.push(announced);
  assert.ok(recorder.heldBytes <= 8192, `${recorder.heldBytes} bytes for a prefix`);
  for (let received = 5; received < 300_000; received += 1000) {
    recorder.reader.push(Buffer.alloc(1000));
    assert.ok(recorder.heldBytes <= 2 * (received + 1000) + 8192, `${recorder.heldBytes} bytes for ${received}`);
  }
  recorder.reader.release();
  assert.equal(recorder.heldBytes, 0);
});

test('MessageReader: reassembly copies linearly, however small the chunks', () => {
  const recorder = new Recorder(2_000_000);
  const stream = prefix(Buffer.alloc(1_000_000));
  for (let pos = 0; pos < stream.length; pos += 7) recorder.reader.push(stream.subarray(pos, pos + 7));
  assert.equal(recorder.seen.length, 1);
  assert.ok(recorder.allocations <= 16, `${recorder.allocations} buffers for a megabyte`);
});

test('MessageReader: without budget it ends its stream and releases everything', () => {
  for (const limitBytes of [0, 5000]) {
    const recorder = new Recorder();
    recorder.limitBytes = limitBytes;
    const stream = prefix(Buffer.alloc(50_000));
    for (let pos = 0; pos < stream.length; pos += 500) recorder.reader.push(stream.subarray(pos, pos + 500));
    assert.deepEqual(recorder.seen, ['fault: noMemory']);
    assert.equal(recorder.heldBytes, 0);
  }
});

test('MessageReader: a lowered limit applies from the next prefix', () => {
  const recorder = new Recorder();
  recorder.reader.push(prefix(Buffer.from('abcdef')));
  recorder.reader.maxMessageBytes = 0;
  recorder.reader.push(prefix(Buffer.from('abcdef')));
  assert.deepEqual(recorder.seen, ['abcdef', 'fault: tooLarge']);
});

/** Pauses after each message whose number is in `pausesAfter`. */
class Pausing extends Recorder {
  private readonly pausesAfter: ReadonlySet<number>;

  constructor(pausesAfter: ReadonlySet<number>) {
    super();
    this.pausesAfter = pausesAfter;
  }

  override onMessage(bytes: Buffer, start: number, end: number): void {
    super.onMessage(bytes, start, end);
    if (this.pausesAfter.has(this.seen.length)) this.reader.pause();
  }
}

test('MessageReader: a pause withholds the following messages and loses nothing', () => {
  fc.assert(
    fc.property(messages, cuts, fc.uniqueArray(fc.integer({ min: 1, max: 8 })), (bodies, at, pauses) => {
      const stream = Buffer.concat(bodies.map((body) => prefix(body)));
      const recorder = new Pausing(new Set(pauses));
      const borders = [0, ...at.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
      borders.slice(1).forEach((end, i) => {
        const before = recorder.seen.length;
        const wasPaused = recorder.reader.isPaused;
        recorder.reader.push(stream.subarray(borders[i], end));
        if (wasPaused) assert.equal(recorder.seen.length, before, 'a message came in a pause');
      });
      const stops = pauses.filter((count) => count <= bodies.length).length;
      let resumed = 0;
      for (; recorder.reader.isPaused; resumed++) recorder.reader.resume();
      assert.equal(resumed, stops);
      recorder.reader.end();
      assert.deepEqual(
        recorder.seen,
        bodies.map((body) => body.toString('latin1')),
      );
      assert.equal(recorder.heldBytes, 0);
    }),
  );
});

test('MessageReader: bytes received during a pause can be released', () => {
  const recorder = new Pausing(new Set([1]));
  recorder.reader.push(Buffer.concat([prefix(Buffer.from('a')), prefix(Buffer.from('b'))]));
  recorder.reader.push(prefix(Buffer.from('c')));
  recorder.reader.release();
  recorder.reader.resume();
  assert.deepEqual(recorder.seen, ['a']);
});

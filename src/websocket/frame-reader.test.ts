import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameReader } from './frame-reader.ts';

/** A masked client frame; `fin` and `opcode` in the first byte. */
function frame(first: number, payload: Buffer, mask = Buffer.from('a1b2c3d4', 'hex')): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = 0x80 | (head.length === 2 ? length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeUInt32BE(length, 6);
  return Buffer.concat([head, mask, Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] as number)))]);
}

class Recorder {
  readonly messages: Buffer[] = [];
  other: Buffer = Buffer.alloc(0);
  readonly reader = new FrameReader(this);

  onMessage(bytes: Buffer, start: number, end: number): void {
    this.messages.push(bytes.subarray(start, end));
  }

  onOther(bytes: Buffer): void {
    this.other = Buffer.concat([this.other, bytes]);
  }
}

const random = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 167 + length) & 0xff));

test('unmasking: binary messages at every alignment and length', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 125, 126, 127, 300, 65_535, 65_536, 70_001]) {
    for (let offset = 0; offset < 4; offset++) {
      const recorder = new Recorder();
      const payload = random(length);
      const bytes = Buffer.concat([Buffer.alloc(offset), frame(0x82, payload), frame(0x82, payload)]).subarray(offset);
      recorder.reader.push(bytes);
      assert.deepEqual(recorder.messages, [payload, payload], `${length} bytes at ${offset}`);
      assert.equal(recorder.other.length, 0);
      assert.ok(recorder.reader.isBetweenMessages);
    }
  }
});

test('other frames: passed to ws byte for byte, up to the end of the frame', () => {
  const whole = frame(0x82, random(20));
  const others = [
    frame(0x81, random(5)),
    frame(0x89, random(5)),
    frame(0x8a, random(0)),
    Buffer.concat([frame(0x02, random(9)), frame(0x89, random(1)), frame(0x00, random(300)), frame(0x80, random(3))]),
    frame(0xc2, random(7)),
    Buffer.concat([Buffer.from([0x82, 3]), random(3)]),
    frame(0x88, random(2)),
  ];
  for (const other of others) {
    const recorder = new Recorder();
    recorder.reader.push(Buffer.concat([whole, other, whole]));
    assert.equal(recorder.other.toString('hex'), other.toString('hex'));
    assert.equal(recorder.messages.length, 2);
  }
});

test('any split of the bytes: ws and the messages together receive everything', () => {
  const sent = Buffer.concat([
    frame(0x82, random(130)),
    frame(0x89, random(3)),
    frame(0x02, random(4)),
    frame(0x80, random(4)),
    frame(0x82, random(10)),
    frame(0x82, random(66_000)),
    frame(0x82, random(1)),
  ]);
  for (const size of [1, 2, 3, 5, 13, 14, 15, 100, 1000, 50_000, 200_000]) {
    const recorder = new Recorder();
    for (let pos = 0; pos < sent.length; pos += size) recorder.reader.push(Buffer.from(sent.subarray(pos, pos + size)));
    const passed = readFrames(recorder.other);
    const payloads = [...recorder.messages, ...passed].map((payload) => payload.toString('hex')).sort();
    assert.deepEqual(
      payloads,
      readFrames(sent)
        .map((payload) => payload.toString('hex'))
        .sort(),
      `cut by ${size}`,
    );
    assert.ok(recorder.reader.isBetweenMessages);
  }
});

/** The payloads of complete frames. */
function readFrames(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let pos = 0; pos < bytes.length; ) {
    const length7 = (bytes[pos + 1] as number) & 0x7f;
    const start = pos + (length7 < 126 ? 6 : length7 === 126 ? 8 : 14);
    const length =
      length7 < 126 ? length7 : length7 === 126 ? bytes.readUInt16BE(pos + 2) : bytes.readUInt32BE(pos + 6);
    const mask = bytes.subarray(start - 4, start);
    payloads.push(Buffer.from(bytes.subarray(start, start + length).map((byte, i) => byte ^ (mask[i & 3] as number))));
    pos = start + length;
  }
  return payloads;
}

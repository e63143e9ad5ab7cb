import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import type { TransportDependencies } from '../../src/grpc/index.ts';
import type { Connection } from '../../src/net/index.ts';
import { METHOD_BY_PATH } from '../../src/rpc/index.ts';
import { FrameReader } from '../../src/websocket/frame-reader.ts';
import { StreamTable } from '../../src/websocket/stream-table.ts';
import type { WebSocketStream } from '../../src/websocket/websocket-stream.ts';
import { dataMessage, endMessage, type Generation, openMessage } from '../support/ws-envelope.ts';
import { mutated, Random } from './mutate.ts';
import { FuzzFailure } from './target.ts';

/** The reader of `ws`, which its types do not declare. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable };
const PATHS = [...METHOD_BY_PATH.keys(), '/router/unknown', ''];
const GENERATIONS: readonly Generation[] = ['flags', 'frame'];
const MAX_HEADER_BYTES = 2000;

/** Collects the events of a `ws` reader until a close frame or an error. */
class EventLog {
  readonly events: string[] = [];
  private readonly receiver = new Receiver({ isServer: true, allowSynchronousEvents: true, binaryType: 'nodebuffer' });
  private isConcluded = false;

  constructor() {
    const note = (kind: string) => (bytes: Buffer, isBinary?: boolean) => {
      this.add(`${kind}${isBinary === true ? ' binary' : ''} ${Buffer.from(bytes).toString('hex')}`);
    };
    for (const kind of ['message', 'ping', 'pong']) this.receiver.on(kind, note(kind));
    this.receiver.on('conclude', () => {
      this.isConcluded = true;
    });
    this.receiver.on('error', () => {});
  }

  get isOver(): boolean {
    return this.isConcluded || this.receiver.errored !== null;
  }

  add(event: string): void {
    if (!this.isOver) this.events.push(event);
  }

  write(bytes: Buffer): void {
    if (!this.isOver) this.receiver.write(bytes);
  }
}

/** A call that asserts the order of its events. */
class CheckedCall {
  private closes = 0;
  private isEnded = false;

  get isClosed(): boolean {
    return this.closes > 0;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    assert.ok(!this.isClosed && !this.isEnded, 'data after the end');
    assert.ok(0 <= start && start <= end && end <= bytes.length, `data beyond the message: ${start}..${end}`);
  }

  onEnd(): void {
    assert.ok(!this.isClosed && !this.isEnded, 'a second end');
    this.isEnded = true;
  }

  onWriteComplete(): void {}

  onClosed(): void {
    this.closes++;
    assert.equal(this.closes, 1, 'closed again');
  }

  endAfter(timeoutMs: number): void {
    assert.ok(timeoutMs >= 0);
  }
}

/** Random WebSocket clients against the readers of frames and of envelopes. */
export class WebSocketFuzzTarget {
  /** Throws FuzzFailure. */
  tryOne(random: Random): void {
    const frames = Array.from({ length: 1 + random.below(8) }, () => randomFrame(random));
    const bytes = Buffer.concat(random.below(3) === 0 ? [mutated(random, frames)] : frames);
    attempt('WebSocket frames', bytes, () => tryFrames(bytes, random));
    const seed = random.below(0x7fffffff);
    attempt(`WebSocket messages of seed ${seed}`, Buffer.alloc(0), () => tryMessages(new Random(seed)));
  }
}

/** The router's reader in front of that of `ws` must see what the latter alone sees. */
function tryFrames(bytes: Buffer, random: Random): void {
  const alone = new EventLog();
  alone.write(Buffer.from(bytes));
  const behind = new EventLog();
  const reader = new FrameReader({
    onMessage: (chunk, start, end) => behind.add(`message binary ${chunk.toString('hex', start, end)}`),
    onOther: (chunk) => behind.write(chunk),
  });
  for (let pos = 0; pos < bytes.length; ) {
    const size = 1 + random.below(random.pick([1, 7, 200, bytes.length]));
    reader.push(Buffer.from(bytes.subarray(pos, pos + size)));
    pos += size;
  }
  assert.deepEqual(behind.events, alone.events);
  if (behind.isOver) assert.ok(alone.isOver, 'ended, though ws alone goes on');
}

function randomFrame(random: Random): Buffer {
  const opcode = random.pick([2, 2, 2, 2, 1, 0, 9, 10, 8, 3]);
  const first = (random.below(5) === 0 ? 0 : 0x80) | opcode | (random.below(40) === 0 ? 0x40 : 0);
  const payload = random.bytes(random.pick([0, 1, 2, 5, 20, 125, 126, 300]));
  const isMasked = random.below(40) > 0;
  const second = (isMasked ? 0x80 : 0) | Math.min(payload.length, 126);
  const length = payload.length < 126 ? [] : [payload.length >> 8, payload.length & 0xff];
  const mask = isMasked ? random.bytes(4) : Buffer.alloc(0);
  const masked = isMasked ? payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0)) : payload;
  return Buffer.concat([Buffer.from([first, second, ...length]), mask, masked]);
}

/** Random messages of one connection: every call gets consistent events and is closed once. */
function tryMessages(random: Random): void {
  const calls: CheckedCall[] = [];
  const open = new Set<WebSocketStream>();
  const host = {
    write: (owner: WebSocketStream) => {
      if (random.below(2) === 0) owner.onWriteComplete();
      else open.add(owner);
    },
    onStreamClosed: (stream: WebSocketStream) => table.delete(stream),
    pauseReading: () => {},
    resumeReading: () => {},
  };
  const deps = {
    options: { maxHeaderBytes: MAX_HEADER_BYTES },
    openCall: (_connection: Connection, _stream: WebSocketStream, { path }: { path: string }) => {
      if (!METHOD_BY_PATH.has(path)) return null;
      calls.push(new CheckedCall());
      return calls.at(-1) ?? null;
    },
  } as unknown as TransportDependencies;
  const table = new StreamTable(host, { connection: {} as Connection, authorization: null, deps });
  const generation = random.pick(GENERATIONS);
  for (let left = random.below(30); left > 0; left--) {
    const message =
      random.below(3) === 0 ? mutated(random, [randomMessage(random, generation)]) : randomMessage(random, generation);
    const [before, after] = [random.bytes(random.below(5)), random.bytes(random.below(5))];
    table.receive(Buffer.concat([before, message, after]), before.length, before.length + message.length);
    for (const stream of open) if (random.below(4) === 0 && open.delete(stream)) stream.onWriteComplete();
  }
  table.closeAll();
  assert.equal(table.size, 0);
  assert.ok(
    calls.every(({ isClosed }) => isClosed),
    'a call that is not closed',
  );
}

function randomMessage(random: Random, generation: Generation): Buffer {
  const id = random.below(5);
  const path = random.pick(PATHS);
  const kind = random.below(4);
  if (kind === 0)
    return openMessage(generation, id, path, random.below(9) === 0 ? { x: 'x'.repeat(MAX_HEADER_BYTES) } : {});
  if (kind === 1) return endMessage(generation, id, path);
  return dataMessage(generation, id, path, random.bytes(random.below(30)), random.below(5) === 0);
}

function attempt(what: string, input: Buffer, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new FuzzFailure(what, input, error);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { EnvelopeHeader, FrameKind, type FrameReader } from './envelope.ts';
import type { Envelope } from './envelope-builder.ts';
import { Link } from './link.ts';

/** A repeatable sequence of random numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Side {
  link: Link;
  readonly received: string[];
  readonly lost: Envelope[];
  accepts: boolean;
  stalls: boolean[];
}

/** Two ends of a link, over a carrier whose behaviour a test sets: the delays of the copies of a message. */
class Pair {
  readonly clock = new FakeClock();
  readonly header = new EnvelopeHeader();
  readonly sides: Side[] = [];
  carry: () => readonly number[] = () => [1];
  private readonly windowBytes: number;
  private readonly maxBytes: number;

  constructor(windowBytes = 4 << 20, maxBytes = 1 << 20) {
    this.windowBytes = windowBytes;
    this.maxBytes = maxBytes;
    for (const tag of [0, 1]) {
      const side = { received: [], lost: [], accepts: true, stalls: [] as boolean[] } as unknown as Side;
      this.sides.push(side);
      side.link = this.createLink(tag);
    }
  }

  get a(): Side {
    return this.sides[0] as Side;
  }

  get b(): Side {
    return this.sides[1] as Side;
  }

  createLink(tag: number): Link {
    const own = this.sides[tag] as Side;
    return new Link({
      clock: this.clock,
      tag: () => tag,
      windowBytes: () => this.windowBytes,
      stallTimeoutMs: 2000,
      maxBytes: () => this.maxBytes,
      send: (parts, bytes) => this.deliver(1 - tag, Buffer.concat(parts, bytes)),
      onFrame: (frame: FrameReader) => {
        own.received.push(frame.body.toString('latin1'));
        return own.accepts;
      },
      onReset: (lost) => void own.lost.push(...lost),
      onStall: (isStalled) => void own.stalls.push(isStalled),
    });
  }

  push(side: Side, text: string): void {
    const body = Buffer.from(text, 'latin1');
    const name = Buffer.alloc(0);
    const frame = { kind: FrameKind.unicast, namespace: name, name, nameStart: 0, nameEnd: 0, isMessage: false };
    side.link.push({ ...frame, body, bodyStart: 0, bodyEnd: body.length });
  }

  /** Runs for `ms`, with the checks of the cluster. */
  run(ms: number): void {
    for (let at = 0; at < ms; at += 5) {
      while (this.clock.endTick());
      this.clock.advance(5);
      if (this.clock.monotonicMs() % 100 < 5) for (const { link } of this.sides) link.check(true);
    }
  }

  private deliver(to: number, bytes: Buffer): void {
    for (const delayMs of this.carry()) {
      this.clock.after(delayMs, () => {
        const side = this.sides[to] as Side;
        if (this.header.read(bytes)) side.link.receive(this.header, bytes);
      });
    }
  }
}

for (let seed = 1; seed <= 12; seed++) {
  test(`link: every frame arrives once and in order over a bad carrier (seed ${seed})`, () => {
    const random = randomNumbers(seed);
    const pair = new Pair(64 * 1024, 4096);
    const lossRate = random() * 0.4;
    const delay = (): number => Math.floor(random() * 60);
    pair.carry = () => {
      if (random() < lossRate) return [];
      return random() < 0.2 ? [delay(), delay()] : [delay()];
    };
    const sent: [string[], string[]] = [[], []];
    for (let round = 0; round < 60; round++) {
      for (const [index, side] of pair.sides.entries()) {
        for (let left = Math.floor(random() * 4); left > 0; left--) {
          const text = `${index}.${sent[index]?.length}.${'x'.repeat(random() < 0.1 ? 9000 : random() * 300)}`;
          sent[index]?.push(text);
          pair.push(side, text);
        }
      }
      pair.run(random() < 0.1 ? 100 : 10);
    }
    pair.carry = () => [1];
    pair.run(5000);
    assert.deepEqual([pair.a.lost, pair.b.lost], [[], []]);
    assert.ok(pair.a.received.join() === sent[1].join() && pair.b.received.join() === sent[0].join());
    assert.deepEqual([pair.a.link.sender.unacknowledgedBytes, pair.b.link.sender.unacknowledgedBytes], [0, 0]);
    assert.equal(pair.clock.timersLeft, 0);
  });
}

test('link: senders are paused over the window, and resumed in order by acknowledgements', () => {
  const pair = new Pair(1000);
  pair.carry = () => [];
  pair.push(pair.a, 'x'.repeat(1200));
  assert.ok(pair.a.link.sender.isOverWindow);
  const resumed: number[] = [];
  for (const n of [1, 2]) pair.a.link.sender.addPaused({ resume: () => void resumed.push(n) });
  pair.run(1000);
  assert.deepEqual(resumed, []);
  pair.carry = () => [1];
  pair.run(1000);
  assert.deepEqual(resumed, [1, 2]);
  assert.deepEqual(pair.a.stalls, []);
});

test('link: a paused receiver acknowledges nothing until it resumes', () => {
  const pair = new Pair(1000);
  pair.b.accepts = false;
  pair.push(pair.a, 'one');
  pair.run(50);
  pair.push(pair.a, 'x'.repeat(1200));
  pair.run(500);
  assert.deepEqual([pair.b.received, pair.a.link.sender.isOverWindow], [['one'], true]);
  pair.b.accepts = true;
  pair.b.link.resume();
  pair.run(500);
  assert.deepEqual([pair.b.received.length, pair.a.link.sender.unacknowledgedBytes], [2, 0]);
});

test('link: without progress it stalls, resumes senders, and loses nothing when the carrier works again', () => {
  const pair = new Pair(1000);
  pair.carry = () => [];
  pair.push(pair.a, 'x'.repeat(1200));
  let resumed = 0;
  pair.a.link.sender.addPaused({ resume: () => void resumed++ });
  pair.run(1900);
  assert.deepEqual([pair.a.stalls, resumed], [[], 0]);
  pair.run(300);
  assert.deepEqual([pair.a.stalls, resumed], [[true], 1]);
  pair.run(20_000);
  pair.carry = () => [1];
  pair.a.link.probe();
  pair.run(100);
  assert.deepEqual([pair.a.stalls, pair.b.received.length], [[true, false], 1]);
});

test('link: after one side lost its state, the other restarts and drops unacknowledged envelopes', () => {
  const pair = new Pair();
  for (let i = 0; i < 5; i++) {
    pair.push(pair.a, `before ${i}`);
    pair.run(50);
  }
  pair.b.link.close();
  pair.b.link = pair.createLink(1);
  pair.push(pair.a, 'lost');
  pair.run(1000);
  assert.deepEqual([pair.a.lost.length, pair.a.link.sender.resets], [1, 1]);
  pair.push(pair.a, 'after');
  pair.push(pair.b, 'reply');
  pair.run(1000);
  assert.deepEqual([pair.b.received.at(-1), pair.a.received], ['after', ['reply']]);
  assert.ok(!pair.b.received.includes('lost'));
});

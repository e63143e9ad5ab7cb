import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FakeOutlet, RouterBench } from '../../../test/support/router-bench.ts';
import type { SendQueue } from './send-queue.ts';

interface Line {
  readonly bench: RouterBench;
  readonly outlet: FakeOutlet;
  readonly queue: SendQueue;
}

/** A queue towards an outlet that takes a write only when it is told to. */
function line(): Line {
  const bench = new RouterBench({ maxSendQueueBytes: 1e9, maxBufferBytes: 1e9 });
  const { outlet, p2p } = bench.open(bench.connect());
  outlet.reads = false;
  return { bench, outlet, queue: p2p.queue };
}

const letters = (letter: string, bytes: number): Buffer => Buffer.alloc(bytes, letter);
const written = ({ outlet }: Line): string => Buffer.concat(outlet.batches).toString();

test('messages of one turn are one write, at its end', () => {
  const here = line();
  for (const letter of ['a', 'b', 'c']) here.queue.push(letters(letter, 1));
  assert.equal(here.outlet.batches.length, 0);
  here.bench.endTurn();
  assert.deepEqual(here.outlet.batches.map(String), ['abc']);
});

test('one message is written as it is, without a copy', () => {
  const here = line();
  const message = letters('a', 100);
  here.queue.push(message);
  here.bench.endTurn();
  assert.ok(here.outlet.batches[0] === message);
});

test('what comes behind a write that is not taken waits, and goes when it is', () => {
  const here = line();
  for (const letter of ['a', 'b', 'c']) {
    here.queue.push(letters(letter, 10));
    here.bench.endTurn();
  }
  assert.equal(written(here), 'a'.repeat(10));
  assert.deepEqual([here.queue.bytes, here.queue.isBlocked, here.queue.isEmpty], [30, true, false]);
  here.outlet.take();
  assert.equal(written(here), 'a'.repeat(10) + 'b'.repeat(10) + 'c'.repeat(10));
  assert.deepEqual([here.queue.bytes, here.queue.isBlocked], [20, false]);
  here.outlet.take();
  assert.deepEqual([here.queue.bytes, here.queue.isEmpty], [0, true]);
});

test('the memory of all queues is what each holds, through pushing, taking and closing', () => {
  const here = line();
  const { core } = here.bench;
  const held = (): number[] => [core.flusher.waitingBytes, core.budget.usedBytes];
  here.queue.push(letters('a', 10));
  assert.deepEqual(held(), [10, 0], 'it waits for the router, not for its reader');
  here.bench.endTurn();
  here.queue.pushFanOut(letters('b', 20));
  here.bench.endTurn();
  assert.deepEqual(held(), [0, 30]);
  here.outlet.take();
  assert.deepEqual(held(), [0, 20]);
  here.queue.push(letters('c', 5));
  here.queue.pushFanOut(letters('c', 5));
  assert.deepEqual([...held(), core.heldBytes], [10, 20, 30]);
  here.queue.close();
  assert.deepEqual(held(), [0, 0]);
  here.queue.push(letters('d', 5));
  here.bench.endTurn();
  here.queue.onWriteComplete();
  assert.deepEqual([core.heldBytes, here.queue.bytes, written(here).includes('d')], [0, 0, false]);
});

test('the age is that of the oldest message that the transport has not taken', () => {
  const here = line();
  const { clock } = here.bench;
  here.queue.push(letters('a', 1));
  assert.equal(here.queue.isOverdue(clock.nowMs + 1000, 0), false, 'nothing is written yet');
  here.bench.endTurn();
  const firstMs = clock.nowMs;
  clock.advance(60);
  here.queue.push(letters('b', 1));
  here.bench.endTurn();
  assert.equal(here.queue.isOverdue(firstMs + 100, 100), false);
  assert.equal(here.queue.isOverdue(firstMs + 101, 100), true);
  here.outlet.take();
  assert.equal(here.queue.isOverdue(firstMs + 160, 100), false, 'the second is younger');
  assert.equal(here.queue.isOverdue(firstMs + 161, 100), true);
  here.outlet.take();
  assert.equal(here.queue.isOverdue(firstMs + 1_000_000, 100), false, 'nothing waits');
});

test('a message that waits pins no large read', () => {
  const here = line();
  const read = Buffer.alloc(1_000_000);
  here.queue.push(read.subarray(0, 10));
  here.bench.endTurn();
  here.queue.push(read.subarray(10, 20));
  here.bench.endTurn();
  here.outlet.take();
  assert.notEqual(here.outlet.batches[1]?.buffer, read.buffer);
});

test('a large backlog is written in pieces, each when the one before is taken', () => {
  const here = line();
  for (let i = 0; i < 100; i++) here.queue.push(letters('x', 10_000));
  here.bench.endTurn();
  let takes = 0;
  while (here.outlet.take()) takes++;
  assert.ok(here.outlet.batches.every((batch) => batch.length <= 64 * 1024));
  assert.equal(takes, here.outlet.batches.length);
  assert.equal(written(here).length, 1_000_000);
});

const step = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(16_384, 65_536, 65_537, 200_000)) },
  { weight: 2, arbitrary: fc.constant('turn' as const) },
  { weight: 2, arbitrary: fc.constant('take' as const) },
);

test('whatever the transport does, all bytes leave once and in order, and are counted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const here = line();
      const pushed: Buffer[] = [];
      for (const what of steps) {
        if (what === 'turn') here.bench.endTurn();
        else if (what === 'take') here.outlet.take();
        else {
          const message = letters(String.fromCharCode(97 + (pushed.length % 26)), what);
          pushed.push(message);
          if (what % 2 === 0) here.queue.push(message);
          else here.queue.pushFanOut(message);
        }
        assert.equal(here.bench.core.heldBytes, here.queue.bytes);
      }
      here.bench.endTurn();
      while (here.outlet.take());
      assert.ok(Buffer.concat(here.outlet.batches).equals(Buffer.concat(pushed)));
      assert.deepEqual([here.queue.isEmpty, here.queue.isBlocked, here.bench.core.heldBytes], [true, false, 0]);
    }),
  );
});

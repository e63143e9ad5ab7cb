import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FakeTransport, RouterHarness } from '../../../test/support/router-harness.ts';
import type { SendQueue } from './send-queue.ts';

interface Line {
  readonly harness: RouterHarness;
  readonly transport: FakeTransport;
  readonly queue: SendQueue;
}

/** A queue over a transport that completes a write on request. */
function line(): Line {
  const harness = new RouterHarness({ maxSendQueueBytes: 1e9, maxBufferBytes: 1e9 });
  const { transport, p2p } = harness.open(harness.connect());
  transport.reads = false;
  return { harness, transport, queue: p2p.queue };
}

const letters = (letter: string, bytes: number): Buffer => Buffer.alloc(bytes, letter);
const written = ({ transport }: Line): string => Buffer.concat(transport.batches).toString();

test('send queue: messages of one tick are one write, at its end', () => {
  const here = line();
  for (const letter of ['a', 'b', 'c']) here.queue.push(letters(letter, 1));
  assert.equal(here.transport.batches.length, 0);
  here.harness.runTicks();
  assert.deepEqual(here.transport.batches.map(String), ['abc']);
});

test('send queue: a single message is written without a copy', () => {
  const here = line();
  const message = letters('a', 100);
  here.queue.push(message);
  here.harness.runTicks();
  assert.ok(here.transport.batches[0] === message);
});

test('send queue: messages behind a write in flight wait for its completion', () => {
  const here = line();
  for (const letter of ['a', 'b', 'c']) {
    here.queue.push(letters(letter, 10));
    here.harness.runTicks();
  }
  assert.equal(written(here), 'a'.repeat(10));
  assert.deepEqual([here.queue.bytes, here.queue.isBlocked, here.queue.isEmpty], [30, true, false]);
  here.transport.completeWrite();
  assert.equal(written(here), 'a'.repeat(10) + 'b'.repeat(10) + 'c'.repeat(10));
  assert.deepEqual([here.queue.bytes, here.queue.isBlocked], [20, false]);
  here.transport.completeWrite();
  assert.deepEqual([here.queue.bytes, here.queue.isEmpty], [0, true]);
});

test('send queue: the memory of all queues is the sum of each, through push, write and close', () => {
  const here = line();
  const { core } = here.harness;
  const held = (): number[] => [core.flusher.waitingBytes, core.budget.usedBytes];
  here.queue.push(letters('a', 10));
  assert.deepEqual(held(), [10, 0], 'it waits for the router, not for its reader');
  here.harness.runTicks();
  here.queue.pushFanOut(letters('b', 20));
  here.harness.runTicks();
  assert.deepEqual(held(), [0, 30]);
  here.transport.completeWrite();
  assert.deepEqual(held(), [0, 20]);
  here.queue.push(letters('c', 5));
  here.queue.pushFanOut(letters('c', 5));
  assert.deepEqual([...held(), core.heldBytes], [10, 20, 30]);
  here.queue.close();
  assert.deepEqual(held(), [0, 0]);
  here.queue.push(letters('d', 5));
  here.harness.runTicks();
  here.queue.onWriteComplete();
  assert.deepEqual([core.heldBytes, here.queue.bytes, written(here).includes('d')], [0, 0, false]);
});

test('send queue: the age is that of the oldest unwritten message', () => {
  const here = line();
  const { clock } = here.harness;
  here.queue.push(letters('a', 1));
  assert.equal(here.queue.isOverdue(clock.nowMs + 1000, 0), false, 'nothing is written yet');
  here.harness.runTicks();
  const firstMs = clock.nowMs;
  clock.advance(60);
  here.queue.push(letters('b', 1));
  here.harness.runTicks();
  assert.equal(here.queue.isOverdue(firstMs + 100, 100), false);
  assert.equal(here.queue.isOverdue(firstMs + 101, 100), true);
  here.transport.completeWrite();
  assert.equal(here.queue.isOverdue(firstMs + 160, 100), false, 'the second is younger');
  assert.equal(here.queue.isOverdue(firstMs + 161, 100), true);
  here.transport.completeWrite();
  assert.equal(here.queue.isOverdue(firstMs + 1_000_000, 100), false, 'nothing waits');
});

test('send queue: a queued message does not retain a large read buffer', () => {
  const here = line();
  const read = Buffer.alloc(1_000_000);
  here.queue.push(read.subarray(0, 10));
  here.harness.runTicks();
  here.queue.push(read.subarray(10, 20));
  here.harness.runTicks();
  here.transport.completeWrite();
  assert.notEqual(here.transport.batches[1]?.buffer, read.buffer);
});

test('send queue: a large backlog is written in chunks, each after the previous one completes', () => {
  const here = line();
  for (let i = 0; i < 100; i++) here.queue.push(letters('x', 10_000));
  here.harness.runTicks();
  let takes = 0;
  while (here.transport.completeWrite()) takes++;
  assert.ok(here.transport.batches.every((batch) => batch.length <= 64 * 1024));
  assert.equal(takes, here.transport.batches.length);
  assert.equal(written(here).length, 1_000_000);
});

const step = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(16_384, 65_536, 65_537, 200_000)) },
  { weight: 2, arbitrary: fc.constant('turn' as const) },
  { weight: 2, arbitrary: fc.constant('take' as const) },
);

test('send queue: all bytes are written once, in order and counted, whatever the transport does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const here = line();
      const pushed: Buffer[] = [];
      for (const what of steps) {
        if (what === 'turn') here.harness.runTicks();
        else if (what === 'take') here.transport.completeWrite();
        else {
          const message = letters(String.fromCharCode(97 + (pushed.length % 26)), what);
          pushed.push(message);
          if (what % 2 === 0) here.queue.push(message);
          else here.queue.pushFanOut(message);
        }
        assert.equal(here.harness.core.heldBytes, here.queue.bytes);
      }
      here.harness.runTicks();
      while (here.transport.completeWrite());
      assert.ok(Buffer.concat(here.transport.batches).equals(Buffer.concat(pushed)));
      assert.deepEqual([here.queue.isEmpty, here.queue.isBlocked, here.harness.core.heldBytes], [true, false, 0]);
    }),
  );
});

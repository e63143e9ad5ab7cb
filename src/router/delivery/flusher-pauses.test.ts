import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../../test/support/cbor.ts';
import { frameBody } from '../../../test/support/framing.ts';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';

const PADDING = 'x'.repeat(1000);
/** Half of it fits in each flush queue: 500 messages of a kilobyte. */
const LIMITS = { maxBufferBytes: 1_000_000, maxSendQueueBytes: 1_000_000 };

function broadcasts(sender: Peer, count: number, padding = PADDING): Buffer {
  const bodies = Array.from({ length: count }, (_, n) =>
    encodeCbor({ type: 'broadcast', senderId: sender.id, payload: { n, padding } }),
  );
  return Buffer.concat(bodies.map((body) => frameBody(body, 1)));
}

/** Passes bytes to a stream without ending the tick. */
function put({ p2p }: Peer, bytes: Buffer): void {
  p2p.receive(bytes, 0, bytes.length);
}

/** The numbers of the broadcasts received by `peer`. */
function numbers(peer: Peer): unknown[] {
  return peer.received().map(({ payload }) => (payload as { n: number }).n);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('backpressure: a sender that broadcasts too much is paused, and nothing is lost', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, receivers] = [here.join(), Array.from({ length: 200 }, () => here.join())];
  put(sender, broadcasts(sender, 20));
  assert.equal(sender.transport.paused, true);
  assert.ok(here.core.flusher.waitingBytes < 800_000, 'the third broadcast is one too many');
  put(sender, frameBody(encodeCbor({ type: 'broadcast', senderId: sender.id, payload: { n: 20 } }), 1));
  here.runTicks();
  assert.equal(sender.transport.paused, false);
  for (const receiver of receivers) assert.deepEqual(numbers(receiver), upTo(21));
  assert.deepEqual(here.warnings, [], 'no consumer was slow');
});

test('backpressure: senders leave room for writes that complete some ticks later', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, receivers] = [here.join(), Array.from({ length: 200 }, () => here.join())];
  put(sender, broadcasts(sender, 200, ''));
  for (let tick = 1; here.clock.endTick(); tick++) {
    if (tick % 8 === 0) for (const { transport } of receivers) transport.completeWrite();
  }
  here.runTicks();
  for (const receiver of receivers) assert.deepEqual(numbers(receiver), upTo(200));
  assert.deepEqual(here.warnings, [], 'no consumer was slow');
});

test('backpressure: the end of a paused stream follows its last message', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, receivers] = [here.join(), Array.from({ length: 200 }, () => here.join())];
  put(sender, broadcasts(sender, 10));
  sender.p2p.halfClosed();
  assert.equal(sender.transport.ended, null);
  here.runTicks();
  assert.deepEqual(sender.transport.ended, ['OK', 'OK']);
  for (const receiver of receivers) assert.deepEqual(numbers(receiver), upTo(10));
});

test('backpressure: a sender that closes while paused is dropped with its unread messages', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, receivers] = [here.join(), Array.from({ length: 200 }, () => here.join())];
  put(sender, broadcasts(sender, 10));
  sender.p2p.closed();
  here.runTicks();
  assert.equal(sender.transport.paused, false, 'others may use its connection');
  for (const receiver of receivers) assert.deepEqual(numbers(receiver), upTo(3));
  assert.deepEqual([here.core.budget.usedBytes, here.core.flusher.waitingBytes], [0, 0]);
});

test('backpressure: paused senders resume in turn', () => {
  const here = new RouterHarness(LIMITS);
  const senders = Array.from({ length: 3 }, () => here.join());
  const [receiver] = Array.from({ length: 300 }, () => here.join());
  for (const sender of senders) put(sender, broadcasts(sender, 12));
  here.runTicks();
  const from = receiver?.received().map(({ senderId }) => senders.findIndex(({ id }) => id === senderId));
  assert.equal(from?.length, 36);
  const ends = senders.map((_, index) => from.lastIndexOf(index));
  assert.ok(Math.min(...ends) > 24, `the last of each comes late: ${ends}`);
});

test('backpressure: unicast senders are paused when together they exceed the high watermark', () => {
  const here = new RouterHarness(LIMITS);
  const [target, senders] = [here.join(), Array.from({ length: 60 }, () => here.join())];
  const message = (sender: Peer, n: number): Buffer =>
    frameBody(encodeCbor({ type: 'unicast', targetId: target.id, senderId: sender.id, payload: { n, PADDING } }), 1);
  for (const sender of senders) put(sender, Buffer.concat(upTo(10).map((n) => message(sender, n))));
  assert.ok(here.core.flusher.waitingBytes < 520_000);
  const firstPaused = senders.findIndex(({ transport }) => transport.paused);
  assert.ok(firstPaused > 0);
  assert.ok(
    senders.every(({ transport }, index) => transport.paused === index >= firstPaused),
    'each with its first message',
  );
  here.runTicks();
  assert.equal(senders.filter(({ transport }) => transport.paused).length, 0);
  const got = target.received();
  assert.equal(got.length, 600);
  for (const { id } of senders) {
    const numbers = got.filter(({ senderId }) => senderId === id).map(({ payload }) => (payload as { n: number }).n);
    assert.deepEqual(numbers, upTo(10));
  }
  assert.deepEqual([here.counters.sendersPaused > 0, here.warnings], [true, []]);
});

test('backpressure: messages that wait for the flusher do not count in the memory budget', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, other] = [here.join(), here.join()];
  for (let i = 0; i < 2000; i++) here.join();
  put(sender, broadcasts(sender, 1));
  assert.ok(here.core.heldBytes > 2_000_000);
  const whole = frameBody(encodeCbor({ type: 'unicast', targetId: other.id, payload: { PADDING } }), 1);
  put(other, whole.subarray(0, 100));
  put(other, whole.subarray(100));
  here.runTicks();
  assert.deepEqual([other.transport.ended, here.counters.dropped.noMemory], [null, 0]);
  assert.equal(other.received().length, 2);
});

test('backpressure: unicast senders are read while broadcast senders are paused', () => {
  const here = new RouterHarness(LIMITS);
  const [sender, other, target] = [here.join(), here.join(), here.join()];
  for (let i = 0; i < 200; i++) here.join();
  put(sender, broadcasts(sender, 10));
  assert.equal(sender.transport.paused, true);
  put(other, frameBody(encodeCbor({ type: 'unicast', targetId: target.id, payload: { n: 'mine' } }), 1));
  assert.equal(other.transport.paused, false);
  here.clock.endTick();
  assert.deepEqual(numbers(target).slice(-1), ['mine'], 'and delivered with the first turn');
});

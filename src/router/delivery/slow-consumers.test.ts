import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encodeCbor } from '../../../test/support/cbor.ts';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';

/** A message of `bytes`, framing included, to `to`. */
function letter(to: Peer, bytes: number): Encodable {
  const message = { type: 'unicast', targetId: to.id, payload: { x: Buffer.alloc(1000) } };
  const rest = encodeCbor({ ...message, senderId: to.id }).length + 5 - 1000;
  return { ...message, payload: { x: Buffer.alloc(bytes - rest) } };
}

test('slow consumers: a client over the limit is disconnected alone and its memory released', () => {
  const harness = new RouterHarness({ maxSendQueueBytes: 10_000 });
  const [sender, frozen, reader, events] = [harness.join(), harness.join(), harness.join(), harness.subscribe()];
  const { client } = frozen;
  frozen.transport.reads = false;
  for (let i = 0; i < 11; i++) sender.send(letter(frozen, 1000), letter(reader, 1000));
  assert.equal(frozen.transport.abortedWith, null, 'neither the limit itself nor a burst within one tick exceeds it');
  sender.send(letter(frozen, 1000), letter(reader, 1000));
  assert.equal(frozen.transport.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual([client.removed, client.stream === null, harness.core.budget.usedBytes], [true, true, 0]);
  assert.deepEqual(harness.closed, [`${client.id} slowReaderBytes`]);
  assert.deepEqual([harness.counters.slowReaders, harness.counters.closed.slowReaderBytes], [1, 1]);
  assert.deepEqual(harness.warnings, [`slow-reader-${client.id}`]);
  assert.equal(reader.received().length, 12);
  assert.deepEqual(events.received()[0]?.data, { clientId: client.id, reason: 'Slow reader: send queue full' });

  sender.send({ type: 'unicast', targetId: client.id });
  assert.match(String(sender.received()[0]?.errorMessage), /не найден/);
});

test('slow consumers: a message larger than the limit reaches a client that reads', () => {
  const harness = new RouterHarness({ maxSendQueueBytes: 10_000 });
  const [sender, reader] = [harness.join(), harness.join()];
  sender.send(letter(reader, 60_000));
  assert.equal(reader.received().length, 1);
});

test('slow consumers: messages of one tick beyond the limit reach a client that reads', () => {
  const harness = new RouterHarness({ maxSendQueueBytes: 10_000 });
  const [sender, reader] = [harness.join(), harness.join()];
  sender.send(...Array.from({ length: 5 }, () => letter(reader, 60_000)));
  assert.equal(reader.received().length, 5);
});

test('slow consumers: a client beyond the write deadline is disconnected at a sweep', () => {
  const harness = new RouterHarness({ writeDeadlineMs: 10_000 });
  const [sender, frozen, reader] = [harness.join(), harness.join(), harness.join()];
  frozen.transport.reads = false;
  sender.send({ type: 'broadcast' });
  for (const [afterMs, cut] of [
    [10_000, null],
    [1, 'Slow reader: write deadline exceeded'],
  ] as const) {
    harness.clock.advance(afterMs);
    harness.core.slowConsumers.sweep(harness.clock.monotonicMs());
    assert.equal(frozen.transport.abortedWith, cut);
  }
  assert.equal(reader.transport.abortedWith, null);
  assert.equal(harness.counters.closed.slowReaderDeadline, 1);
});

test('slow consumers: a client that makes progress in time is not disconnected', () => {
  const harness = new RouterHarness({ writeDeadlineMs: 10_000 });
  const [sender, slow] = [harness.join(), harness.join()];
  slow.transport.reads = false;
  for (let i = 0; i < 20; i++) {
    sender.send({ type: 'broadcast' });
    harness.clock.advance(9000);
    harness.core.slowConsumers.sweep(harness.clock.monotonicMs());
    slow.transport.completeWrite();
  }
  assert.equal(slow.transport.abortedWith, null);
});

test('memory budget: the longest queues are disconnected first, and no more than needed', () => {
  const harness = new RouterHarness({ maxBufferBytes: 30_000 });
  const [sender, small, large, reader] = [harness.join(), harness.join(), harness.join(), harness.join()];
  for (const peer of [large, small]) peer.transport.reads = false;
  for (let i = 0; i < 4; i++) sender.send(letter(large, 5000), letter(small, 2000));
  assert.deepEqual([large.transport.abortedWith, small.transport.abortedWith], [null, null]);
  sender.send(letter(small, 2000), letter(small, 2000));
  assert.deepEqual(
    [large.transport.abortedWith, small.transport.abortedWith],
    ['Slow reader: router memory limit reached', null],
  );
  sender.send(letter(reader, 1000));
  assert.equal(reader.received().length, 1);
  assert.equal(harness.counters.closed.memoryPressure, 1);
});

test('slow consumers: an events subscriber is disconnected, too', () => {
  const harness = new RouterHarness({ maxSendQueueBytes: 1000 });
  const events = harness.subscribe();
  events.transport.reads = false;
  for (let i = 0; i < 30; i++) {
    harness.register();
    harness.runTicks();
  }
  assert.equal(events.transport.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual(
    [harness.core.events.subscribers.size, harness.core.streams.size, harness.core.budget.usedBytes],
    [0, 0, 0],
  );
});

test('slow consumers: an unbound stream is disconnected, too', () => {
  const harness = new RouterHarness({ maxSendQueueBytes: 1000 });
  const stranger = harness.open(harness.connect('10.0.0.1:7'));
  stranger.transport.reads = false;
  for (let i = 0; i < 30; i++) stranger.send({ type: 'heartbeat' });
  assert.equal(stranger.transport.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual(harness.warnings, ['slow-reader-10.0.0.1:7']);
});

test('slow consumers: changed limits apply to connected clients', () => {
  const harness = new RouterHarness();
  const [sender, frozen] = [harness.join(), harness.join()];
  frozen.transport.reads = false;
  for (let i = 0; i < 5; i++) sender.send(letter(frozen, 1000));
  harness.core.limits = { ...harness.core.limits, maxSendQueueBytes: 2000 };
  sender.send(letter(frozen, 1000));
  assert.notEqual(frozen.transport.abortedWith, null);
});

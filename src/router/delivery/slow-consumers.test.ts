import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encodeCbor } from '../../../test/support/cbor.ts';
import { type Peer, RouterBench } from '../../../test/support/router-bench.ts';

/** A message of `bytes`, framing included, to `to`. */
function letter(to: Peer, bytes: number): Encodable {
  const message = { type: 'unicast', targetId: to.id, payload: { x: Buffer.alloc(1000) } };
  const rest = encodeCbor({ ...message, senderId: to.id }).length + 5 - 1000;
  return { ...message, payload: { x: Buffer.alloc(bytes - rest) } };
}

test('a reader that holds too many bytes is cut off alone, with everything it held', () => {
  const bench = new RouterBench({ maxSendQueueBytes: 10_000 });
  const [sender, frozen, reader, events] = [bench.join(), bench.join(), bench.join(), bench.subscribe()];
  const { client } = frozen;
  frozen.outlet.reads = false;
  for (let i = 0; i < 11; i++) sender.send(letter(frozen, 1000), letter(reader, 1000));
  assert.equal(
    frozen.outlet.abortedWith,
    null,
    'the limit itself is not too much, nor what comes on top of it in one turn',
  );
  sender.send(letter(frozen, 1000), letter(reader, 1000));
  assert.equal(frozen.outlet.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual([client.removed, client.stream === null, bench.core.budget.usedBytes], [true, true, 0]);
  assert.deepEqual(bench.closed, [`${client.id} slowReaderBytes`]);
  assert.deepEqual([bench.counters.slowReaders, bench.counters.closed.slowReaderBytes], [1, 1]);
  assert.deepEqual(bench.warnings, [`slow-reader-${client.id}`]);
  assert.equal(reader.received().length, 12);
  assert.deepEqual(events.received()[0]?.data, { clientId: client.id, reason: 'Slow reader: send queue full' });

  sender.send({ type: 'unicast', targetId: client.id });
  assert.match(String(sender.received()[0]?.errorMessage), /не найден/);
});

test('a message larger than the limit reaches a reader that reads', () => {
  const bench = new RouterBench({ maxSendQueueBytes: 10_000 });
  const [sender, reader] = [bench.join(), bench.join()];
  sender.send(letter(reader, 60_000));
  assert.equal(reader.received().length, 1);
});

test('several messages in one turn that are too much together reach a reader that reads', () => {
  const bench = new RouterBench({ maxSendQueueBytes: 10_000 });
  const [sender, reader] = [bench.join(), bench.join()];
  sender.send(...Array.from({ length: 5 }, () => letter(reader, 60_000)));
  assert.equal(reader.received().length, 5);
});

test('a reader whose oldest message waits beyond the deadline is cut off at a sweep', () => {
  const bench = new RouterBench({ writeDeadlineMs: 10_000 });
  const [sender, frozen, reader] = [bench.join(), bench.join(), bench.join()];
  frozen.outlet.reads = false;
  sender.send({ type: 'broadcast' });
  for (const [afterMs, cut] of [
    [10_000, null],
    [1, 'Slow reader: write deadline exceeded'],
  ] as const) {
    bench.clock.advance(afterMs);
    bench.core.slowConsumers.sweep(bench.clock.monotonicMs());
    assert.equal(frozen.outlet.abortedWith, cut);
  }
  assert.equal(reader.outlet.abortedWith, null);
  assert.equal(bench.counters.closed.slowReaderDeadline, 1);
});

test('a slow reader that takes something in time is not cut off', () => {
  const bench = new RouterBench({ writeDeadlineMs: 10_000 });
  const [sender, slow] = [bench.join(), bench.join()];
  slow.outlet.reads = false;
  for (let i = 0; i < 20; i++) {
    sender.send({ type: 'broadcast' });
    bench.clock.advance(9000);
    bench.core.slowConsumers.sweep(bench.clock.monotonicMs());
    slow.outlet.take();
  }
  assert.equal(slow.outlet.abortedWith, null);
});

test('when all together hold too much, those who hold most go first, and no more than needed', () => {
  const bench = new RouterBench({ maxBufferBytes: 30_000 });
  const [sender, small, large, reader] = [bench.join(), bench.join(), bench.join(), bench.join()];
  for (const peer of [large, small]) peer.outlet.reads = false;
  for (let i = 0; i < 4; i++) sender.send(letter(large, 5000), letter(small, 2000));
  assert.deepEqual([large.outlet.abortedWith, small.outlet.abortedWith], [null, null]);
  sender.send(letter(small, 2000), letter(small, 2000));
  assert.deepEqual(
    [large.outlet.abortedWith, small.outlet.abortedWith],
    ['Slow reader: router memory limit reached', null],
  );
  sender.send(letter(reader, 1000));
  assert.equal(reader.received().length, 1);
  assert.equal(bench.counters.closed.memoryPressure, 1);
});

test('a subscriber that does not read is cut off like anybody else', () => {
  const bench = new RouterBench({ maxSendQueueBytes: 1000 });
  const events = bench.subscribe();
  events.outlet.reads = false;
  for (let i = 0; i < 30; i++) {
    bench.register();
    bench.endTurn();
  }
  assert.equal(events.outlet.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual(
    [bench.core.events.subscribers.size, bench.core.streams.size, bench.core.budget.usedBytes],
    [0, 0, 0],
  );
});

test('a stream that no client has bound is cut off too', () => {
  const bench = new RouterBench({ maxSendQueueBytes: 1000 });
  const stranger = bench.open(bench.connect('10.0.0.1:7'));
  stranger.outlet.reads = false;
  for (let i = 0; i < 30; i++) stranger.send({ type: 'heartbeat' });
  assert.equal(stranger.outlet.abortedWith, 'Slow reader: send queue full');
  assert.deepEqual(bench.warnings, ['slow-reader-10.0.0.1:7']);
});

test('limits that are changed hold for those who are connected', () => {
  const bench = new RouterBench();
  const [sender, frozen] = [bench.join(), bench.join()];
  frozen.outlet.reads = false;
  for (let i = 0; i < 5; i++) sender.send(letter(frozen, 1000));
  bench.core.limits = { ...bench.core.limits, maxSendQueueBytes: 2000 };
  sender.send(letter(frozen, 1000));
  assert.notEqual(frozen.outlet.abortedWith, null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';

const harness = (): RouterHarness => new RouterHarness({ maxSendQueueBytes: 1e9, maxBufferBytes: 1e9 });
const received = (peers: readonly Peer[]): number[] =>
  peers.map(({ transport }) => Buffer.concat(transport.batches).length);

/** Unattached streams whose queues accept any bytes. */
function streams(of: RouterHarness, count: number): Peer[] {
  return Array.from({ length: count }, () => of.open(of.connect()));
}

test('flusher: flushes each queue once, at the end of the tick', () => {
  const here = harness();
  const peers = streams(here, 3);
  for (let i = 0; i < 4; i++) for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(10));
  assert.deepEqual(received(peers), [0, 0, 0]);
  here.runTicks();
  assert.deepEqual(received(peers), [40, 40, 40]);
  assert.deepEqual(
    peers.map(({ transport }) => transport.batches.length),
    [1, 1, 1],
  );
});

test('flusher: writes a few megabytes per tick', () => {
  const here = harness();
  const peers = streams(here, 12);
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(1024 * 1024));
  const after: number[] = [];
  while (here.clock.endTick()) after.push(received(peers).filter((bytes) => bytes > 0).length);
  assert.deepEqual(after, [4, 8, 12]);
});

test('flusher: messages pushed during a flush are sent once', () => {
  const here = harness();
  const peers = streams(here, 6);
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(1024 * 1024));
  here.clock.endTick();
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(10));
  here.runTicks();
  assert.deepEqual(received(peers), Array(6).fill(1024 * 1024 + 10));
});

test('flusher: messages pushed by a flush are sent in the next tick', () => {
  const here = new RouterHarness({ maxSendQueueBytes: 1000 });
  const [asker, asked] = [here.join(), here.join()];
  const { id } = asked;
  asker.send({ type: 'request', targetId: id, payload: { requestId: 'r' } });
  asked.transport.reads = false;
  for (let i = 0; i < 30; i++) asker.send({ type: 'unicast', targetId: id, payload: {} });
  assert.notEqual(asked.transport.abortedWith, null);
  const answers = asker.received().filter(({ type }) => type === 'response');
  assert.equal(answers.length, 1, 'cut off within the flush, the asked client fails the request');
});

test('fan-out: each tick writes to a part of the receivers, in queue order', () => {
  const here = harness();
  const peers = streams(here, 80);
  for (const peer of peers) peer.p2p.queue.pushFanOut(Buffer.alloc(10));
  const after: number[] = [];
  while (here.clock.endTick()) after.push(received(peers).lastIndexOf(10) + 1);
  assert.deepEqual(after, [32, 64, 80]);
  assert.deepEqual(received(peers), Array(80).fill(10));
});

test('fan-out: receivers that wait get later messages by the same write', () => {
  const here = harness();
  const peers = streams(here, 50);
  for (const peer of peers) peer.p2p.queue.pushFanOut(Buffer.from('first '));
  here.clock.endTick();
  for (const peer of peers) peer.p2p.queue.pushFanOut(Buffer.from('second'));
  here.runTicks();
  const writes = peers.map(({ transport }) => transport.batches.map(String));
  assert.deepEqual(writes.slice(0, 32), Array(32).fill(['first ', 'second']));
  assert.deepEqual(writes.slice(32), Array(18).fill(['first second']));
});

test('fan-out: a direct message neither waits for other receivers nor overtakes earlier messages', () => {
  const here = harness();
  const peers = streams(here, 300);
  for (const peer of peers) peer.p2p.queue.pushFanOut(Buffer.from('all '));
  const [last] = peers.slice(-1);
  last?.p2p.queue.push(Buffer.from('one'));
  here.clock.endTick();
  assert.deepEqual(last?.transport.batches.map(String), ['all one']);
  last?.p2p.queue.pushFanOut(Buffer.from('all again'));
  here.runTicks();
  assert.deepEqual(last?.transport.batches.map(String), ['all one', 'all again'], 'its first place is passed over');
});

test('fan-out: gets as much time as everything else in a tick, at most two milliseconds', () => {
  const here = harness();
  const peers = streams(here, 300);
  for (const peer of peers) peer.p2p.queue.pushFanOut(Buffer.alloc(10));
  // 1.5 ms pass until the end of the tick, and 1 ms with every write
  here.clock.nowMs += 1.5;
  for (const { transport } of peers) transport.onWrite = () => void here.clock.nowMs++;
  here.clock.endTick();
  assert.equal(received(peers).lastIndexOf(10) + 1, 32, 'a part takes longer than that');
  for (const { transport } of peers) {
    transport.onWrite = () => {
      here.clock.nowMs += 1 / 32;
    };
  }
  here.clock.nowMs += 1.5;
  here.clock.endTick();
  assert.equal(received(peers).lastIndexOf(10) + 1, 32 + 2 * 32);
  here.clock.nowMs += 100;
  here.clock.endTick();
  assert.equal(received(peers).lastIndexOf(10) + 1, 32 + 4 * 32);
});

test('flusher: the messages of a closed stream do not count as waiting', () => {
  const here = harness();
  const [peer, other] = streams(here, 2);
  peer?.p2p.queue.pushFanOut(Buffer.alloc(1000));
  other?.p2p.queue.push(Buffer.alloc(100));
  assert.equal(here.core.flusher.waitingBytes, 1100);
  peer?.p2p.closed();
  assert.equal(here.core.flusher.waitingBytes, 100);
  here.runTicks();
  assert.equal(here.core.flusher.waitingBytes, 0);
});

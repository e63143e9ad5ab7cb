import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, RouterBench } from '../../test/support/router-bench.ts';

const bench = (): RouterBench => new RouterBench({ maxSendQueueBytes: 1e9, maxBufferBytes: 1e9 });
const received = (peers: readonly Peer[]): number[] => peers.map(({ outlet }) => Buffer.concat(outlet.batches).length);

/** Streams that nobody has bound, whose queues take any bytes. */
function streams(of: RouterBench, count: number): Peer[] {
  return Array.from({ length: count }, () => of.open(of.connect()));
}

test('every queue that was pushed to is flushed once, at the end of the turn', () => {
  const here = bench();
  const peers = streams(here, 3);
  for (let i = 0; i < 4; i++) for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(10));
  assert.deepEqual(received(peers), [0, 0, 0]);
  here.endTurn();
  assert.deepEqual(received(peers), [40, 40, 40]);
  assert.deepEqual(
    peers.map(({ outlet }) => outlet.batches.length),
    [1, 1, 1],
  );
});

test('a turn writes a few megabytes, and the next turns the rest', () => {
  const here = bench();
  const peers = streams(here, 12);
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(1024 * 1024));
  const after: number[] = [];
  while (here.clock.endTurn()) after.push(received(peers).filter((bytes) => bytes > 0).length);
  assert.deepEqual(after, [4, 8, 12]);
});

test('what is pushed while the rest waits is not forgotten, nor sent twice', () => {
  const here = bench();
  const peers = streams(here, 6);
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(1024 * 1024));
  here.clock.endTurn();
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(10));
  here.endTurn();
  assert.deepEqual(received(peers), Array(6).fill(1024 * 1024 + 10));
});

test('a stop flushes at once, and the turn that was planned finds nothing left', () => {
  const here = bench();
  const peers = streams(here, 2);
  for (const peer of peers) peer.p2p.queue.push(Buffer.alloc(10));
  here.core.flusher.flushAll();
  assert.deepEqual(received(peers), [10, 10]);
  here.endTurn();
  assert.deepEqual(received(peers), [10, 10]);
});

test('a message that a flush brings about goes with the next turn', () => {
  const here = new RouterBench({ maxSendQueueBytes: 1000 });
  const [asker, asked] = [here.join(), here.join()];
  const { id } = asked;
  asker.send({ type: 'request', targetId: id, payload: { requestId: 'r' } });
  asked.outlet.reads = false;
  for (let i = 0; i < 30; i++) asker.send({ type: 'unicast', targetId: id, payload: {} });
  assert.notEqual(asked.outlet.cutWith, null);
  const answers = asker.received().filter(({ type }) => type === 'response');
  assert.equal(answers.length, 1, 'cut off within the flush, the asked client fails the request');
});

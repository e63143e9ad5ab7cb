import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayBuffer } from './replay-buffer.ts';

function createBuffer(maxBytes: number) {
  const budget = {
    used: 0,
    add(bytes: number) {
      budget.used += bytes;
    },
  };
  return { budget, buffer: new ReplayBuffer(budget, () => maxBytes) };
}

const contents = (buffer: ReplayBuffer): string[] => {
  const texts: string[] = [];
  buffer.forEach((message) => void texts.push(message.toString()));
  return texts;
};

test('acknowledged messages: released, later ones stay in order', () => {
  const { buffer, budget } = createBuffer(100);
  for (const text of ['a', 'bb', 'ccc']) buffer.push(Buffer.from(text));
  assert.equal(buffer.acknowledge(2), true);
  assert.deepEqual(contents(buffer), ['ccc']);
  assert.equal(budget.used, 3);
  assert.equal(buffer.acknowledge(1), true, 'an older acknowledgement changes nothing');
  assert.deepEqual(contents(buffer), ['ccc']);
});

test('an acknowledgement beyond the sent count: refused without a change', () => {
  const { buffer } = createBuffer(100);
  buffer.push(Buffer.from('a'));
  assert.equal(buffer.acknowledge(2), false);
  assert.equal(buffer.resume(2, 0), null);
  assert.deepEqual(contents(buffer), ['a']);
});

test('beyond the limit: the oldest are dropped; a resume reports their number', () => {
  const { buffer, budget } = createBuffer(3);
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((text) => buffer.push(Buffer.from(text))),
    [0, 0, 0, 1, 1],
  );
  assert.equal(buffer.resume(1, 0), 1, 'b is lost');
  assert.deepEqual(contents(buffer), ['c', 'd', 'e']);
  assert.equal(buffer.acknowledge(3), true, 'a, c and d');
  assert.deepEqual(contents(buffer), ['e']);
  assert.equal(budget.used, 1);
});

test('dropped messages that were received: not counted as lost', () => {
  const { buffer } = createBuffer(2);
  for (const text of ['a', 'b', 'c', 'd']) buffer.push(Buffer.from(text));
  assert.equal(buffer.resume(3, 0), 0);
  assert.deepEqual(contents(buffer), ['d']);
});

test('a message larger than the limit: not kept', () => {
  const { buffer, budget } = createBuffer(2);
  assert.equal(buffer.push(Buffer.from('abc')), 1);
  assert.deepEqual([contents(buffer), budget.used], [[], 0]);
  assert.equal(buffer.resume(0, 0), 1);
});

test('a resume whose response was lost: the repetition gives the same result', () => {
  const { buffer } = createBuffer(2);
  for (const text of ['a', 'b', 'c']) buffer.push(Buffer.from(text));
  const skippedBefore = buffer.skippedCount;
  assert.equal(buffer.resume(0, skippedBefore), 1);
  buffer.push(Buffer.from('d'));
  assert.equal(buffer.resume(0, skippedBefore), 2);
  assert.deepEqual(contents(buffer), ['c', 'd']);
});

test('compacting: keeps contents and accounting, shares no memory with the slices', () => {
  const { buffer, budget } = createBuffer(100);
  const read = Buffer.from('..abc..');
  buffer.push(read.subarray(2, 4));
  buffer.push(read.subarray(4, 5));
  buffer.acknowledge(1);
  buffer.compact();
  read.fill(0);
  assert.deepEqual([contents(buffer), budget.used], [['c'], 1]);
});

test('property: received, kept and lost messages are all sent messages, in order', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), size: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('ack' as const), behind: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), inFlight: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { buffer, budget } = createBuffer(200);
      const sent: string[] = [];
      const received: string[] = [];
      let lostTotal = 0;
      for (const it of steps) {
        if (it.kind === 'send') {
          const text = `${sent.length}:`.padEnd(it.size + 4, '.');
          sent.push(text);
          received.push(text);
          buffer.push(Buffer.from(text));
        } else if (it.kind === 'ack') assert.equal(buffer.acknowledge(Math.max(0, received.length - it.behind)), true);
        else if (it.kind === 'compact') buffer.compact();
        else {
          // the last messages did not arrive
          const lostInFlight = Math.min(it.inFlight, buffer.length, received.length);
          received.length -= lostInFlight;
          const lost = buffer.resume(received.length, buffer.skippedCount);
          assert.ok(lost !== null);
          lostTotal += lost;
          buffer.forEach((message) => void received.push(message.toString()));
        }
        assert.equal(budget.used, buffer.bytes);
        assert.ok(budget.used <= 200);
      }
      assert.equal(received.length + lostTotal, sent.length);
      assert.deepEqual(
        received,
        sent.filter((text) => received.includes(text)),
      );
    }),
  );
});

test('small messages within large reads: retain bounded memory', () => {
  const { buffer, budget } = createBuffer(1_000_000);
  const texts: string[] = [];
  for (let n = 0; n < 200; n++) {
    const read = Buffer.allocUnsafeSlow(64 * 1024);
    texts.push(String(n).padStart(4, '0'));
    buffer.push(read.subarray(0, read.write(texts[n] as string)));
  }
  const backings = new Set<ArrayBufferLike>();
  buffer.forEach(({ buffer: backing }) => void backings.add(backing));
  const pinnedBytes = [...backings].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(pinnedBytes <= 512 * 1024, `${pinnedBytes}`);
  assert.deepEqual([contents(buffer), budget.used], [texts, 800]);
});

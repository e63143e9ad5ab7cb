import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterError } from './errors.ts';
import { Outbox } from './outbox.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

function createOutbox(maxBytes = 100) {
  const outbox = new Outbox(maxBytes);
  const written: string[] = [];
  const settled: string[] = [];
  const add = (body: string): void =>
    void outbox.add(bytes(body)).then(
      () => settled.push(body),
      (error: unknown) => settled.push(`${body}: ${error instanceof RouterError ? error.code : error}`),
    );
  const flush = (): void => outbox.flush((body) => written.push(text(body)));
  return { outbox, written, settled, add, flush };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a message is written once and resolves when it is acknowledged', async () => {
  const { outbox, written, settled, add, flush } = createOutbox();
  add('a');
  add('b');
  flush();
  flush();
  assert.deepEqual(written, ['a', 'b']);
  assert.equal(outbox.acknowledge(1), true);
  await tick();
  assert.deepEqual([settled, outbox.bytes], [['a'], 1]);
});

test('a resumed session writes again what the router has not received', async () => {
  const { outbox, written, settled, add, flush } = createOutbox();
  for (const body of ['a', 'b', 'c']) add(body);
  flush();
  add('d');
  assert.equal(outbox.resume(2), true);
  flush();
  assert.deepEqual(written, ['a', 'b', 'c', 'c', 'd']);
  assert.equal(outbox.acknowledge(4), true);
  await tick();
  assert.deepEqual(settled, ['a', 'b', 'c', 'd']);
});

test('a new session rejects what was written and sends what was not', async () => {
  const { outbox, written, settled, add, flush } = createOutbox();
  add('a');
  flush();
  add('b');
  outbox.restart();
  flush();
  assert.deepEqual(written, ['a', 'b']);
  assert.equal(outbox.acknowledge(1), true, 'b is the first message of the new session');
  await tick();
  assert.deepEqual(settled, ['a: session-lost', 'b']);
});

test('an acknowledgement of more than was written is impossible', () => {
  const { outbox, add, flush } = createOutbox();
  add('a');
  flush();
  add('b');
  assert.equal(outbox.acknowledge(2), false);
  assert.equal(outbox.length, 2);
});

test('an old acknowledgement changes nothing', () => {
  const { outbox, add, flush } = createOutbox();
  for (const body of ['a', 'b']) add(body);
  flush();
  outbox.acknowledge(2);
  assert.equal(outbox.acknowledge(1), true);
  assert.equal(outbox.length, 0);
});

test('beyond the limit a message is rejected, and taken again once there is room', async () => {
  const { outbox, settled, add, flush } = createOutbox(3);
  add('aa');
  add('bb');
  flush();
  await tick();
  assert.deepEqual(settled, ['bb: buffer-full']);
  outbox.acknowledge(1);
  add('ccc');
  await tick();
  assert.deepEqual([settled, outbox.bytes], [['bb: buffer-full', 'aa'], 3]);
});

test('failing rejects everything', async () => {
  const { outbox, settled, add, flush } = createOutbox();
  add('a');
  flush();
  add('b');
  outbox.fail(new RouterError('closed', 'closed'));
  await tick();
  assert.deepEqual([settled, outbox.bytes], [['a: closed', 'b: closed'], 0]);
});

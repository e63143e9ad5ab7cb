import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap, type Encodable, encodeCbor } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { poll, quiet } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';

const router = useRouter();

function ask(from: DartClient, targetId: Encodable, payload: { [key: string]: Encodable }): void {
  from.send({ type: 'request', senderId: from.id, targetId, payload });
}

function answer(from: DartClient, request: CborMap, fields: { [key: string]: Encodable } = { success: true }): void {
  const { requestId } = asMap(request.payload);
  const payload = { requestId: String(requestId), ...((fields.payload ?? {}) as { [key: string]: Encodable }) };
  from.send({ ...fields, type: 'response', targetId: String(request.senderId), payload });
}

async function dropped(reason: string): Promise<number> {
  return (await router.process.status()).messages.dropped[reason] ?? 0;
}

async function assertFailed(asking: DartClient, requestId: string, code = 'not-found'): Promise<string> {
  const { message, body } = await asking.p2p.ofType('response');
  assert.equal(message.senderId, 'router');
  assert.equal(message.targetId, asking.id);
  assert.equal(message.success, false);
  assert.deepEqual(message.payload, { code, requestId });
  assert.equal(typeof message.timestamp, 'number');
  assert.deepEqual(encodeCbor(message), body);
  return String(message.errorMessage);
}

test('request: reaches its target, and the response returns, byte for byte', async () => {
  using a = await router.join();
  using b = await router.join({}, { framing: 1 });
  ask(a, b.id, { requestId: 'req_1', question: 'how?' });
  const { message } = await b.next();
  assert.equal(message.type, 'request');
  assert.equal(message.senderId, a.id);
  assert.deepEqual(message.payload, { requestId: 'req_1', question: 'how?' });
  const body = encodeCbor({
    type: 'response',
    senderId: b.id,
    targetId: a.id,
    success: true,
    payload: { requestId: 'req_1', answer: 42 },
  });
  b.send(body);
  assert.deepEqual((await a.next()).body, body);
});

test('a failed response: forwarded with its text', async () => {
  using a = await router.join();
  using b = await router.join();
  ask(a, b.id, { requestId: 'req_f' });
  answer(b, (await b.next()).message, { success: false, errorMessage: 'не могу' });
  const { message } = await a.next();
  assert.equal(message.success, false);
  assert.equal(message.errorMessage, 'не могу');
  assert.equal(message.senderId, b.id);
});

test('many open requests: answered in any order', async () => {
  using a = await router.join();
  using b = await router.join();
  const ids = Array.from({ length: 200 }, (_, n) => `req_${n}`);
  for (const requestId of ids) ask(a, b.id, { requestId });
  const asked: CborMap[] = [];
  for (const _ of ids) asked.push((await b.next()).message);
  for (const request of asked.reverse()) answer(b, request);
  const answered: unknown[] = [];
  for (const _ of ids) answered.push(asMap((await a.next()).message.payload).requestId);
  assert.deepEqual(answered, ids.reverse());
});

test('an absent target: a failed response', async () => {
  using a = await router.join();
  ask(a, 'client_nobody', { requestId: 'req_none' });
  assert.ok((await assertFailed(a, 'req_none')).length > 0);
});

test('a request without a response in time: the router sends a failed response', async () => {
  using a = await router.join();
  using b = await router.join();
  const before = performance.now();
  ask(a, b.id, { requestId: 'req_slow', timeoutMs: 150 });
  assert.equal(await assertFailed(a, 'req_slow', 'timeout'), 'Request timeout');
  const tookMs = performance.now() - before;
  assert.ok(tookMs >= 145 && tookMs < 25_000, `${tookMs} ms`);
});

test('a late response: dropped and counted', async () => {
  using a = await router.join();
  using b = await router.join();
  const before = await dropped('lateResponse');
  ask(a, b.id, { requestId: 'req_late', timeoutMs: 30 });
  const { message } = await b.next();
  await assertFailed(a, 'req_late', 'timeout');
  answer(b, message);
  await poll('it to be counted', async () => (await dropped('lateResponse')) === before + 1);
  b.unicast(a.id, { after: true });
  assert.equal((await a.next()).message.type, 'unicast');
});

test('a second or unsolicited response: dropped and counted', async () => {
  using a = await router.join();
  using b = await router.join();
  const before = await dropped('lateResponse');
  ask(a, b.id, { requestId: 'req_twice' });
  const { message } = await b.next();
  answer(b, message);
  answer(b, message);
  b.send({ type: 'response', targetId: a.id, success: true, payload: { requestId: 'req_never_asked' } });
  b.unicast(a.id, { after: true });
  assert.equal((await a.next()).message.type, 'response');
  assert.equal((await a.next()).message.type, 'unicast');
  assert.equal(await dropped('lateResponse'), before + 2);
});

test('a response of another client: dropped', async () => {
  using a = await router.join();
  using b = await router.join();
  using stranger = await router.join();
  ask(a, b.id, { requestId: 'req_forged' });
  const { message } = await b.next();
  answer(stranger, message);
  stranger.unicast(stranger.id, {});
  await stranger.next();
  answer(b, message, { success: true, payload: { real: true } });
  assert.equal((await a.next()).message.senderId, b.id);
});

test('the same requestId of several clients: independent', async () => {
  using a = await router.join();
  using b = await router.join();
  using c = await router.join();
  ask(a, c.id, { requestId: 'req_1' });
  ask(b, c.id, { requestId: 'req_1' });
  for (const _ of [1, 2]) answer(c, (await c.next()).message);
  for (const client of [a, b]) assert.equal((await client.next()).message.targetId, client.id);
});

test('a long timeout: does not fire at once', async () => {
  using a = await router.join();
  using b = await router.join();
  const longOnes = [86_400_000, 2 ** 31, 2 ** 40, 9223372036854775807n];
  for (const [n, timeoutMs] of longOnes.entries()) ask(a, b.id, { requestId: `req_long_${n}`, timeoutMs });
  for (const _ of longOnes) await b.next();
  await quiet(100);
  assert.equal(a.p2p.inbox.length, 0);
});

test('a response to a disconnected requester: dropped', async () => {
  using b = await router.join();
  using a = await router.join();
  ask(a, b.id, { requestId: 'req_gone' });
  const { message } = await b.next();
  await a.close();
  await router.process.until('the asking client to be gone', ({ recentlyClosed }) => recentlyClosed.length > 0);
  answer(b, message);
  b.unicast(b.id, { alive: true });
  assert.deepEqual((await b.p2p.ofType('unicast')).message.payload, { alive: true });
});

const MISSING: readonly (readonly [string, Encodable])[] = [
  ['a request without targetId', { type: 'request', payload: { requestId: 'r' } }],
  ['a request without payload', { type: 'request', targetId: 'client_x' }],
  ['a request without requestId', { type: 'request', targetId: 'client_x', payload: { question: 1 } }],
  ['a request whose requestId is no text', { type: 'request', targetId: 'client_x', payload: { requestId: 7 } }],
];

for (const [name, message] of MISSING) {
  test(`${name}: an error message`, async () => {
    using a = await router.join();
    a.send(message);
    const { message: reply } = await a.next();
    assert.equal(reply.type, 'error');
    assert.ok(String(reply.errorMessage).length > 0);
  });
}

test('an incomplete response: refused or dropped, and the stream continues', async () => {
  using a = await router.join();
  a.send({ type: 'response', targetId: a.id, success: true });
  a.send({ type: 'response', success: true, payload: { requestId: 'r' } });
  a.unicast(a.id, { alive: true });
  await a.p2p.ofType('unicast');
});

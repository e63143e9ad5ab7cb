import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Double, decodeCborMap, encodeCbor } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import { ApiRouter } from './api-fixture.ts';

/** Answers the next request to `client` with `fields`. */
async function answer(client: DartClient, fields: object): Promise<unknown> {
  const { message: request } = await client.next(({ type }) => type === 'request');
  const { requestId } = request.payload as { requestId: string };
  const response = { type: 'response', senderId: client.id, targetId: request.senderId, timestamp: 1, ...fields };
  client.send({ ...response, payload: { requestId, ...(fields as { payload?: object }).payload } } as never);
  return request.payload;
}

test('messages: to a client, a group and all; integers, floats and bytes arrive as such', async () => {
  await using api = await ApiRouter.start();
  const a = await api.join({ groups: ['room'] });
  const b = await api.join();
  const payload = '{"int":1,"float":1.0,"big":9007199254740993,"bytes":{"$base64":"AAE="}}';
  const sendTo = async (to: object): Promise<unknown> => {
    const body = `{"to":${JSON.stringify(to)},"payload":${payload}}`;
    const { status, body: result } = await api.call('/messages', { body });
    assert.equal(status, 202);
    return result;
  };
  assert.deepEqual(await sendTo({ client: b.id }), { receivers: 1 });
  assert.deepEqual(await sendTo({ group: 'room' }), { receivers: 1 });
  assert.deepEqual(await sendTo({ group: 'nobody' }), { receivers: 0 });
  assert.deepEqual(await sendTo({ all: true }), { receivers: 2 });
  const { message } = await b.next(({ type }) => type === 'unicast');
  assert.deepEqual(message.payload, {
    int: 1,
    float: new Double(1),
    big: 9007199254740993n,
    bytes: Buffer.from([0, 1]),
  });
  await a.next(({ type }) => type === 'multicast');
  await a.next(({ type }) => type === 'broadcast');
});

test('messages: CBOR bodies keep every byte of the payload, and CBOR answers are sent to those who ask', async () => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const body = encodeCbor({ to: { client: client.id }, payload: { n: 1.5, list: [1, 2] } });
  const headers = { 'content-type': 'application/cbor', accept: 'application/cbor' };
  const response = await fetch(`${api.url}/messages`, { method: 'POST', headers, body: body as Buffer<ArrayBuffer> });
  assert.equal(response.status, 202);
  assert.equal(response.headers.get('content-type'), 'application/cbor');
  assert.deepEqual(decodeCborMap(Buffer.from(await response.arrayBuffer())), { receivers: 1 });
  const { payload } = (await client.next(({ type }) => type === 'unicast')).message;
  assert.deepEqual(payload, { n: new Double(1.5), list: [1, 2] });
});

test('messages: an idempotency key sends once, and is bound to its body', async () => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const headers = { 'idempotency-key': 'order-1' };
  const body = { to: { client: client.id }, payload: { n: 1 } };
  const first = await api.call('/messages', { body, headers });
  const again = await api.call('/messages', { body, headers });
  assert.deepEqual([first.status, again.status], [202, 202]);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  const other = await api.call('/messages', { body: { ...body, payload: { n: 2 } }, headers });
  assert.deepEqual([other.status, other.body.code], [422, 'key-reused']);
  await api.call('/messages', { body: { ...body, payload: { last: true } } });
  assert.deepEqual((await client.next(({ type }) => type === 'unicast')).message.payload, { n: 1 });
  assert.deepEqual((await client.next(({ type }) => type === 'unicast')).message.payload, { last: true });
});

test('requests: the response of the client, its refusal, a timeout and a disconnect have distinct statuses', async (t) => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const ask = (timeoutMs = 20_000) => {
    return api.call('/requests', { body: { to: client.id, payload: { question: 'x' }, timeoutMs } });
  };
  await t.test('response', async () => {
    const answered = ask();
    const payload = await answer(client, { success: true, payload: { answer: 42, ratio: 0.5 } });
    assert.equal((payload as { question: string }).question, 'x');
    const { status, body } = await answered;
    assert.equal(status, 200);
    const { requestId, ...rest } = body.payload as Record<string, unknown>;
    assert.equal(typeof requestId, 'string');
    assert.deepEqual(rest, { answer: 42, ratio: 0.5 });
  });
  await t.test('refusal', async () => {
    const answered = ask();
    await answer(client, { success: false, errorMessage: 'no stock' });
    const { status, body } = await answered;
    assert.deepEqual([status, body.code, body.detail], [502, 'refused', 'no stock']);
  });
  await t.test('timeout', async () => {
    const { status, body } = await ask(50);
    assert.deepEqual([status, body.code], [504, 'timeout']);
  });
  await t.test('nobody', async () => {
    const { status, body } = await api.call('/requests', { body: { to: 'client_none', payload: {} } });
    assert.deepEqual([status, body.code], [404, 'not-found']);
  });
  await t.test('disconnect', async () => {
    const answered = ask();
    await client.next(({ type, payload }) => type === 'request' && (payload as { timeoutMs: number }).timeoutMs > 50);
    client.connection.destroy();
    const { status, body } = await answered;
    assert.deepEqual([status, body.code], [410, 'gone']);
  });
});

test('requests: a caller that goes away cancels its request', async () => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const abort = new AbortController();
  const call = api.call('/requests', { body: { to: client.id, payload: {} }, signal: abort.signal });
  const { payload, senderId } = (await client.next(({ type }) => type === 'request')).message;
  abort.abort();
  await assert.rejects(call);
  const { requestId } = payload as { requestId: string };
  await api.router.until('the late response is dropped', ({ messages }) => {
    client.send({
      type: 'response',
      senderId: client.id,
      targetId: senderId as string,
      success: true,
      payload: { requestId },
      timestamp: 1,
    });
    return (messages.dropped.lateResponse ?? 0) > 0;
  });
});

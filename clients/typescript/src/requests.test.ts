import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterError } from './errors.ts';
import { PendingRequests } from './requests.ts';

test('a response resolves its request with the payload, without the id', async () => {
  const requests = new PendingRequests();
  const id = requests.newId();
  const response = requests.wait(id, 10_000, undefined);
  requests.settle({ type: 'response', success: true, payload: { requestId: id, sum: 3 } });
  assert.deepEqual(await response, { sum: 3 });
});

test('ten thousand ids of two clients are distinct', () => {
  const [a, b] = [new PendingRequests(), new PendingRequests()];
  const ids = new Set(Array.from({ length: 5000 }, () => [a.newId(), b.newId()]).flat());
  assert.equal(ids.size, 10_000);
});

const FAILURES: readonly (readonly [message: Record<string, unknown>, code: string, text: string])[] = [
  [{ senderId: 'client_b', errorMessage: 'no' }, 'remote', 'no'],
  [{ senderId: 'router', errorMessage: 'Request timeout' }, 'timeout', 'Request timeout'],
  [{ senderId: 'router', errorMessage: 'Клиент x не найден или отключен' }, 'not-found', 'Client x is not connected'],
  [{ senderId: 'router', errorMessage: 'x', code: 'overloaded' }, 'overloaded', 'x'],
];

for (const [{ code: payloadCode, ...message }, code, text] of FAILURES) {
  test(`a failed response becomes an error: ${code}`, async () => {
    const requests = new PendingRequests();
    const id = requests.newId();
    const response = requests.wait(id, 10_000, undefined);
    const payload = payloadCode === undefined ? { requestId: id } : { requestId: id, code: payloadCode as string };
    requests.settle({ ...(message as Record<string, string>), success: false, payload });
    await assert.rejects(response, (error: unknown) => {
      return error instanceof RouterError && error.code === code && error.message === text;
    });
  });
}

test('a request times out, and its late response is ignored', async () => {
  const requests = new PendingRequests();
  const id = requests.newId();
  await assert.rejects(requests.wait(id, 1, undefined), { code: 'timeout' });
  requests.settle({ success: true, payload: { requestId: id } });
});

test('a request is aborted by its signal, with the reason as cause', async () => {
  const requests = new PendingRequests();
  const controller = new AbortController();
  const response = requests.wait(requests.newId(), 10_000, controller.signal);
  controller.abort('because');
  await assert.rejects(response, { code: 'aborted', cause: 'because' });
  await assert.rejects(requests.wait(requests.newId(), 10_000, controller.signal), { code: 'aborted' });
});

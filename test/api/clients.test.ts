import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { ApiRouter } from './api-fixture.ts';

test('clients: listed with filters, metadata by the JSON mapping', async () => {
  await using api = await ApiRouter.start();
  const a = await api.join({
    clientName: 'Anna',
    groups: ['room', 'vip'],
    metadata: { age: 3, bytes: Buffer.from([1]) },
  });
  const b = await api.join({ clientName: 'Bob', groups: ['room'] });
  const idsOf = async (query: string): Promise<unknown> => {
    const { status, body } = await api.call(`/clients${query}`);
    assert.equal(status, 200, query);
    return (body.clients as { clientId: string }[]).map(({ clientId }) => clientId);
  };
  assert.deepEqual(await idsOf(''), [a.id, b.id]);
  assert.deepEqual(await idsOf('?group=vip'), [a.id]);
  assert.deepEqual(await idsOf('?name=Bob'), [b.id]);
  assert.deepEqual(await idsOf('?search=aNN'), [a.id]);
  assert.deepEqual(await idsOf('?status=idle'), []);
  const { status, body } = await api.call(`/clients/${a.id}`);
  assert.equal(status, 200);
  const { address, connectedAt, lastActivity, ...rest } = body;
  assert.match(String(address), /^127\.0\.0\.1:\d+$/);
  assert.equal(typeof connectedAt, 'number');
  assert.equal(typeof lastActivity, 'number');
  assert.deepEqual(rest, {
    clientId: a.id,
    clientName: 'Anna',
    groups: ['room', 'vip'],
    metadata: { age: 3, bytes: { $base64: 'AQ==' } },
    node: null,
    queueBytes: 0,
    status: 'online',
  });
  assert.deepEqual((await api.call('/groups')).body, {
    groups: [
      { name: 'room', members: 2 },
      { name: 'vip', members: 1 },
    ],
  });
});

test('clients: pages by cursor hold every client once, also when one leaves in between', async () => {
  await using api = await ApiRouter.start();
  const clients = [await api.join(), await api.join(), await api.join(), await api.join(), await api.join()];
  const seen: string[] = [];
  let next: unknown = null;
  do {
    const { body } = await api.call(`/clients?limit=2${next === null ? '' : `&cursor=${String(next)}`}`);
    seen.push(...(body.clients as { clientId: string }[]).map(({ clientId }) => clientId));
    next = body.next;
    clients[1]?.connection.destroy();
  } while (next !== null);
  assert.deepEqual(
    seen,
    clients.map(({ id }) => id),
  );
  const { status, body } = await api.call('/clients?cursor=guess');
  assert.deepEqual([status, body.code], [400, 'malformed']);
});

test('clients: DELETE disconnects the client, which receives the reason', async () => {
  await using api = await ApiRouter.start();
  const client = await api.join();
  const { status, text } = await api.call(`/clients/${client.id}?reason=maintenance`, { method: 'DELETE' });
  assert.deepEqual([status, text], [204, '']);
  const { message } = await client.next(({ type }) => type === 'error');
  assert.match(String(message.errorMessage), /^Disconnected by the operator: maintenance$/);
  await within(client.p2p.whenEnded, PATIENCE_MS, 'the end of the stream');
  assert.equal((await api.call(`/clients/${client.id}`)).status, 404);
  assert.equal((await api.call(`/clients/${client.id}`, { method: 'DELETE' })).status, 404);
  await api.router.logged(/Client disconnected by the operator .*reason=maintenance/);
});

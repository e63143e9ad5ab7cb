import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiRouter } from '../api/api-fixture.ts';
import { runCli } from '../cli/run-cli.ts';
import type { CborMap } from '../support/cbor.ts';
import { NatsServer, WITHOUT_NATS as skip } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';

interface Listed {
  readonly clientId: string;
  readonly node: string | null;
  readonly address: string | null;
}

test('HTTP API and commands: reach the clients of all routers of a cluster', { skip }, async (t) => {
  await using nats = await NatsServer.start();
  const start = (node: string) => ApiRouter.start(['--cluster', nats.url, '--cluster-node', node]);
  await using a = await start('a');
  await using b = await start('b');
  const near = await a.join({ clientName: 'near', groups: ['room'] });
  const far = await b.join({ clientName: 'far', groups: ['room'] });
  const list = async (): Promise<Listed[]> => (await a.call('/clients')).body.clients as Listed[];
  await poll('both are listed', async () => (await list()).length === 2);

  await t.test('lists', async () => {
    const nodes = new Map((await list()).map(({ clientId, node }) => [clientId, node]));
    assert.deepEqual([nodes.get(near.id), nodes.get(far.id)], [null, 'b']);
    const { body } = await a.call(`/clients/${far.id}`);
    assert.deepEqual([body.clientName, body.address, body.node], ['far', null, 'b']);
    assert.deepEqual((await a.call('/groups')).body, { groups: [{ name: 'room', members: 2 }] });
    const pages = [await a.call('/clients?limit=1')];
    pages.push(await a.call(`/clients?limit=1&cursor=${String(pages[0]?.body.next)}`));
    const ids = pages.flatMap(({ body: page }) => (page.clients as Listed[]).map(({ clientId }) => clientId));
    assert.deepEqual(ids.sort(), [near.id, far.id].sort());
  });

  await t.test('messages', async () => {
    for (const to of [{ client: far.id }, { group: 'room' }, { all: true }]) {
      assert.equal((await a.call('/messages', { body: { to, payload: { to } } })).status, 202);
    }
    for (const type of ['unicast', 'multicast', 'broadcast']) await far.next((message) => message.type === type);
    for (const type of ['multicast', 'broadcast']) await near.next((message) => message.type === type);
  });

  await t.test('requests', async () => {
    const asked = a.call('/requests', { body: { to: far.id, payload: { n: 1 } } });
    const { message } = await far.next(({ type }) => type === 'request');
    const { requestId = '' } = message.payload as CborMap;
    const head = { type: 'response', senderId: far.id, targetId: message.senderId ?? '', timestamp: 1 };
    far.send({ ...head, success: true, payload: { requestId, ok: true } });
    const { status, body } = await asked;
    assert.deepEqual([status, (body.payload as { ok: boolean }).ok], [200, true]);
  });

  await t.test('disconnect', async () => {
    const deleted = await a.call(`/clients/${far.id}?reason=maintenance`, { method: 'DELETE' });
    assert.equal(deleted.status, 204);
    const { message } = await far.next(({ type }) => type === 'error');
    assert.equal(message.errorMessage, 'Disconnected by the operator: maintenance');
    await poll('it is gone', async () => (await a.call(`/clients/${far.id}`)).status === 404);
    const again = await a.call(`/clients/${far.id}`, { method: 'DELETE' });
    assert.equal(again.status, 404);
    const other = await b.join({ clientName: 'other' });
    await poll('it is listed', async () => (await list()).length === 2);
    const { code, stdout } = await runCli(['--control-socket', a.router.socketPath, '--disconnect', other.id]);
    assert.deepEqual([code, stdout], [0, `Disconnected ${other.id}\n`]);
    await other.next(({ type }) => type === 'error');
  });
});

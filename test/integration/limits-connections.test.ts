import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';

/** Opens this number of connections; refused ones are included and get closed. */
async function connectMany(port: number, count: number): Promise<DartClient[]> {
  const clients: DartClient[] = [];
  for (let n = 0; n < count; n++) clients.push(await DartClient.connect(port));
  return clients;
}

async function isServed(client: DartClient): Promise<boolean> {
  return client.ping(1).then(
    () => true,
    () => false,
  );
}

test('connections beyond --max-connections: refused at once, logged once and counted', async () => {
  await using router = await RouterProcess.start(['--max-connections', '3']);
  const clients = await connectMany(router.port, 3);
  for (const client of clients) assert.ok(await isServed(client));

  const excess = await connectMany(router.port, 5);
  for (const client of excess) await within(client.connection.whenClosed, PATIENCE_MS, 'the excess to be closed');
  const { connections } = await router.status();
  assert.equal(connections.current, 3);
  assert.equal(connections.max, 3);
  assert.equal(connections.refused.connectionLimit, 5);
  assert.equal(router.log.match(/connectionLimit|connection limit/gi)?.length, 1, 'one line for five refusals');
  for (const client of clients) assert.ok(await isServed(client), 'those inside are not disturbed');

  await clients[0]?.close();
  await router.until('a place to be free', (status) => status.connections.current === 2);
  using late = await DartClient.connect(router.port);
  assert.ok(await isServed(late));
  for (const client of clients) client.connection.destroy();
});

test('--max-clients-per-connection', async () => {
  await using router = await RouterProcess.start(['--max-clients-per-connection', '3']);
  using client = await DartClient.connect(router.port);
  for (let n = 0; n < 3; n++) await client.register();
  const reply = await client.tryRegister();
  assert.equal(reply.success, false);
  assert.equal(reply.clientId, '');
  assert.ok((reply.errorMessage ?? '').length > 0);
  using other = await DartClient.connect(router.port);
  await other.register();
  assert.equal((await other.getOnlineClients()).length, 4);
});

test('names, groups and metadata: bounded', async (t) => {
  await using router = await RouterProcess.start(['--max-groups', '4']);
  using client = await DartClient.join(router.port);
  const text = (bytes: number) => 'ё'.repeat(bytes / 2);
  const groups = (count: number) => Array.from({ length: count }, (_, n) => `g${n}`);

  const cases = [
    ['a name of 256 bytes', { clientName: text(256) }, true],
    ['a name of 258 bytes', { clientName: text(258) }, false],
    ['a group name of 256 bytes', { groups: [text(256)] }, true],
    ['a group name of 258 bytes', { groups: [text(258)] }, false],
    ['as many groups as allowed', { groups: groups(4) }, true],
    ['one group more', { groups: groups(5) }, false],
    ['metadata just under 64 KiB', { metadata: { x: 'y'.repeat(65_000) } }, true],
    ['metadata over 64 KiB', { metadata: { x: 'y'.repeat(65_600) } }, false],
  ] as const;
  for (const [name, request, allowed] of cases) {
    await t.test(`${name}: ${allowed ? 'allowed' : 'refused'}`, async () => {
      const reply = await client.tryRegister(request);
      assert.equal(reply.success, allowed, reply.errorMessage);
      if (!allowed) assert.ok((reply.errorMessage ?? '').length > 0);
    });
  }

  await t.test('updateMetadata over 64 KiB changes nothing and is answered', async () => {
    client.send({ type: 'updateMetadata', payload: { metadata: { x: 'y'.repeat(65_600) } } });
    assert.equal((await client.next()).message.type, 'error');
    const own = (await client.getOnlineClients()).find(({ clientId }) => clientId === client.id);
    assert.deepEqual(own?.metadata, {});
  });
});

test('--max-pending-requests: per client; the excess gets an error response', async () => {
  await using router = await RouterProcess.start(['--max-pending-requests', '5']);
  using asking = await DartClient.join(router.port);
  using asked = await DartClient.join(router.port);
  using other = await DartClient.join(router.port);
  const ask = (from: DartClient, requestId: string) => {
    from.send({ type: 'request', targetId: asked.id, payload: { requestId } });
  };
  for (let n = 0; n < 5; n++) ask(asking, `r${n}`);
  for (let n = 0; n < 5; n++) await asked.p2p.ofType('request');
  ask(asking, 'excess');
  const { message } = await asking.next();
  assert.equal(message.type, 'response');
  assert.equal(message.success, false);
  assert.deepEqual(message.payload, { code: 'overloaded', requestId: 'excess' });
  ask(other, 'fine');
  assert.deepEqual((await asked.p2p.ofType('request')).message.payload, { requestId: 'fine' });

  asked.send({ type: 'response', targetId: asking.id, success: true, payload: { requestId: 'r0' } });
  await asking.p2p.ofType('response');
  ask(asking, 'again');
  assert.deepEqual((await asked.p2p.ofType('request')).message.payload, { requestId: 'again' });
});

test('many new connections with large requests: all served', async () => {
  await using router = await RouterProcess.start();
  const note = 'x'.repeat(30_000);
  const clients = await Promise.all(
    Array.from({ length: 40 }, (_, n) => DartClient.join(router.port, { clientName: `n${n}`, metadata: { note } })),
  );
  const listed = await (clients[0] as DartClient).getOnlineClients();
  assert.equal(listed.length, 40);
  assert.ok(listed.every(({ metadata }) => (metadata as { note?: unknown }).note === note));
  for (const client of clients) client.connection.destroy();
});

test('many short connections: leave no state', async () => {
  await using router = await RouterProcess.start(['--max-connections', '50']);
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 40 }, () => DartClient.join(router.port)));
    for (const client of clients) client.reset();
    await poll('the round to be gone', async () => (await router.status()).connections.current === 0);
  }
  const { clients, connections } = await router.status();
  assert.equal(clients.current, 0);
  assert.equal(clients.total, 400);
  assert.equal(connections.total, 400);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type RouterClient } from '../../clients/typescript/src/node.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { LossyProxy } from './lossy-proxy.ts';

const FAST = { reconnect: { initialDelayMs: 5, maxDelayMs: 50 } };
const TOO_LARGE = { bytes: new Uint8Array(70_000) };
const LONG_NAME = 'g'.repeat(2000);

/** Groups and metadata of `client` in the router's list. */
async function listed(client: RouterClient): Promise<unknown> {
  const info = (await client.clients()).find(({ clientId }) => clientId === client.id);
  return { groups: info?.groups, metadata: info?.metadata };
}

for (const scheme of ['http', 'ws'] as const) {
  test(`${scheme}: changes that the router refuses are taken back, and the client reconnects without them`, async () => {
    await using router = await RouterProcess.start();
    const proxy = await LossyProxy.to(router.port);
    await using client = await connect(`${scheme}://127.0.0.1:${proxy.port}`, { ...FAST, groups: ['a'] });
    const { id } = client;
    let online = 0;
    client.on('state', ({ state }) => {
      if (state === 'online') online++;
    });
    await client.updateMetadata({ v: 1 });
    await assert.rejects(client.updateMetadata(TOO_LARGE), { code: 'too-large' });
    await assert.rejects(client.join(LONG_NAME), { code: 'too-large' });
    await client.join('b');
    assert.deepEqual(client.groups, ['a', 'b']);
    for (const losses of [1, 2]) {
      proxy.cut();
      await poll('the client to be online again', () => online === losses && client.state === 'online');
    }
    assert.equal(client.id, id, 'the session goes on');
    assert.deepEqual(await listed(client), { groups: ['a', 'b'], metadata: { v: 1 } });
    await proxy.close();
  });

  test(`${scheme}: changes that were made while away and are refused do not close the client`, async () => {
    await using router = await RouterProcess.start();
    const proxy = await LossyProxy.to(router.port);
    await using client = await connect(`${scheme}://127.0.0.1:${proxy.port}`, { ...FAST, metadata: { v: 1 } });
    await new Promise<void>((resolve) => {
      client.on('state', ({ state }) => {
        if (state === 'away') resolve();
      });
      proxy.cut();
    });
    await assert.rejects(client.updateMetadata(TOO_LARGE), { code: 'refused' });
    await client.join('b');
    await poll('the client to be online again', () => client.state === 'online');
    assert.deepEqual(await listed(client), { groups: ['b'], metadata: { v: 1 } });
    await proxy.close();
  });

  test(`${scheme}: without a session, a refused change is not part of the next registration`, async () => {
    await using router = await RouterProcess.start();
    const proxy = await LossyProxy.to(router.port);
    const options = { ...FAST, session: false, metadata: { v: 1 } };
    await using client = await connect(`${scheme}://127.0.0.1:${proxy.port}`, options);
    const refused = new Promise<string>((resolve) => client.on('error', ({ code }) => resolve(code)));
    // it counts as done when it is written
    client.updateMetadata(TOO_LARGE).catch(() => {});
    assert.equal(await refused, 'too-large');
    const { id } = client;
    proxy.cut();
    await poll('the client to be online again', () => client.state === 'online' && client.id !== id);
    assert.deepEqual(await listed(client), { groups: [], metadata: { v: 1 } });
    await proxy.close();
  });
}

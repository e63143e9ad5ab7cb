import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';

import { connect, type RouterClient } from '../../clients/typescript/src/node.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { BrowserFixture, SKIP_WITHOUT_CHROMIUM } from './browser-fixture.ts';
import { LossyProxy } from './lossy-proxy.ts';

const skip = SKIP_WITHOUT_CHROMIUM;
const COUNT = 10_000;
const LOSSES = 100;
const LIMITS = { limitMs: 60_000 };

/** Variables of the page under test. */
interface PageState {
  client: RouterClient;
  received: number[];
  sent: Promise<void>[];
  states: string[];
}

let fixture: BrowserFixture;
let router: RouterProcess;
before(async () => {
  if (skip !== false) return;
  fixture = await BrowserFixture.open();
  router = await RouterProcess.start(['--websocket-origins', fixture.origin]);
});
after(async () => {
  await router?.stop();
  await fixture?.[Symbol.asyncDispose]();
});

/** Connects in the page; returns the id of its client. */
function connectIn(page: Page, port: number, reconnect = { initialDelayMs: 5, maxDelayMs: 50 }): Promise<string> {
  return page.evaluate(
    async ({ url, reconnect }) => {
      const path = '/client.js';
      const { connect } = (await import(path)) as typeof import('../../clients/typescript/src/node.ts');
      const state = globalThis as unknown as PageState;
      state.client = await connect(url, { reconnect, heartbeatTimeoutMs: 500, heartbeatIntervalMs: 500 });
      Object.assign(state, { received: [], sent: [], states: [] });
      state.client.on('message', ({ payload }) => state.received.push(Number(payload.n)));
      state.client.on('state', (change) => state.states.push(change.state));
      return state.client.id;
    },
    { url: `ws://127.0.0.1:${port}`, reconnect },
  );
}

test('Chromium: 10,000 messages both ways over 100 losses, each once and in order', { skip }, async () => {
  const proxy = await LossyProxy.to(router.port);
  const page = await fixture.page();
  const peer = await connect(`ws://127.0.0.1:${router.port}`);
  try {
    const atPeer: number[] = [];
    peer.on('message', ({ payload }) => atPeer.push(Number(payload.n)));
    const id = await connectIn(page, proxy.port);
    const sent: Promise<void>[] = [];
    for (let loss = 0; loss < LOSSES; loss++) {
      const from = (loss * COUNT) / LOSSES;
      await page.evaluate(
        ({ from, to, target }) => {
          const { client, sent } = globalThis as unknown as PageState;
          for (let n = from; n < to; n++) sent.push(client.send(target, { n }));
        },
        { from, to: from + COUNT / LOSSES, target: peer.id },
      );
      for (let n = from; n < from + COUNT / LOSSES; n++) sent.push(peer.send(id, { n }));
      await delay(loss % 5);
      if (loss % 10 === 9) proxy.freeze();
      else proxy.cut();
      // Chromium delays handshakes by seconds after several that failed: each loss hits an established connection
      await poll('the page to dial again', () => proxy.connections >= loss + 2, LIMITS);
      await page.waitForFunction(() => (globalThis as unknown as PageState).client.state === 'online');
    }
    await Promise.all(sent);
    await page.evaluate(() => Promise.all((globalThis as unknown as PageState).sent).then(() => {}));
    await poll('the peer to have everything', () => atPeer.length >= COUNT, LIMITS);
    const inPage = (): Promise<number[]> => page.evaluate(() => (globalThis as unknown as PageState).received);
    await poll('the page to have everything', async () => (await inPage()).length >= COUNT, LIMITS);
    const expected = Array.from({ length: COUNT }, (_, n) => n);
    assert.deepEqual(atPeer, expected);
    assert.deepEqual(await inPage(), expected);
    assert.equal(await page.evaluate(() => (globalThis as unknown as PageState).client.id), id);
    assert.ok(proxy.connections > LOSSES, `${proxy.connections} connections`);
  } finally {
    await page.close();
    await peer.close();
    await proxy.close();
  }
});

test('Chromium: the client reconnects at once when the browser is online again', { skip }, async () => {
  const proxy = await LossyProxy.to(router.port);
  const page = await fixture.page();
  try {
    const slow = 2 ** 30;
    await connectIn(page, proxy.port, { initialDelayMs: slow, maxDelayMs: slow });
    proxy.refuse(true);
    await page.context().setOffline(true);
    proxy.cut();
    const stateOf = (): Promise<string> => page.evaluate(() => (globalThis as unknown as PageState).client.state);
    await poll('the client to be away', async () => (await stateOf()) === 'away');
    proxy.refuse(false);
    // fires the browser's own event `online`; the next attempt would be days away
    await page.context().setOffline(false);
    await poll('the client to be online', async () => (await stateOf()) === 'online');
    assert.deepEqual(await page.evaluate(() => (globalThis as unknown as PageState).states), ['away', 'online']);
  } finally {
    await page.close();
    await proxy.close();
  }
});

test('Chromium: a page of an origin that is not allowed is refused', { skip }, async () => {
  await using strict = await RouterProcess.start();
  const page = await fixture.page();
  const refusal = await connectIn(page, strict.port).catch((error: Error) => error.message);
  assert.match(refusal, /The connection was closed \(1006\)/);
  await poll('the refusal in the log', () => strict.log.includes(fixture.origin));
  await page.close();
});

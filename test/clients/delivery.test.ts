import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type RouterClient } from '../../clients/typescript/src/node.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { LossyProxy } from './lossy-proxy.ts';

const FAST = { reconnect: { initialDelayMs: 5, maxDelayMs: 50 } };
const count = (client: RouterClient): { messages: number } => {
  const received = { messages: 0 };
  client.on('message', () => received.messages++);
  return received;
};

for (const scheme of ['http', 'ws'] as const) {
  for (const session of [true, false]) {
    test(`${scheme}, session ${session}: close delivers what was sent before`, async () => {
      await using router = await RouterProcess.start();
      const url = `${scheme}://127.0.0.1:${router.port}`;
      await using bob = await connect(url);
      const received = count(bob);
      const alice = await connect(url, { session });
      const sent = Array.from({ length: 200 }, () => alice.send(bob.id, { bytes: new Uint8Array(10_000) }));
      await alice.close({ timeoutMs: 20_000 });
      await Promise.all(sent);
      await poll('bob to have all messages', () => received.messages === sent.length, { limitMs: 20_000 });
    });
  }

  test(`${scheme}: without a session, bytes count until the transport has written them`, async () => {
    await using router = await RouterProcess.start();
    const proxy = await LossyProxy.to(router.port);
    const client = await connect(`${scheme}://127.0.0.1:${proxy.port}`, { ...FAST, session: false });
    try {
      proxy.pause(true);
      const sent: Promise<void>[] = [];
      const body = { bytes: new Uint8Array(100_000) };
      // the buffers of the sockets take the first megabytes
      await poll('bytes that are not written', () => {
        if (client.bufferedBytes < 2_200_000) sent.push(client.broadcast(body));
        return client.bufferedBytes > 2_200_000;
      });
      const drained = new Promise((resolve) => client.on('drain', resolve));
      proxy.pause(false);
      await Promise.all([drained, ...sent]);
      assert.equal(client.bufferedBytes, 0);
    } finally {
      await client.close();
      await proxy.close();
    }
  });

  test(`${scheme}: a message that is too large is rejected, and the others are delivered`, async () => {
    await using router = await RouterProcess.start(['--max-message-bytes', '65536']);
    const url = `${scheme}://127.0.0.1:${router.port}`;
    await using bob = await connect(url);
    const received = count(bob);
    await using alice = await connect(url, FAST);
    const { id } = alice;
    const before = alice.send(bob.id, { n: 1 });
    const tooLarge = alice.send(bob.id, { bytes: new Uint8Array(100_000) });
    const behind = alice.send(bob.id, { n: 2 });
    await assert.rejects(tooLarge, { code: 'too-large' });
    await Promise.all([before, behind]);
    await poll('bob to have the others', () => received.messages === 2);
    assert.deepEqual([alice.id, alice.bufferedBytes], [id, 0]);
  });

  test(`${scheme}: a client whose session another connection took over closes as replaced`, async () => {
    await using router = await RouterProcess.start();
    const url = `${scheme}://127.0.0.1:${router.port}`;
    const client = await connect(url, FAST);
    const closed = new Promise<string | undefined>((resolve) =>
      client.on('state', ({ state, reason }) => {
        if (state !== 'online') resolve(`${state} ${reason?.code}`);
      }),
    );
    const { session } = client as unknown as { session: { request(): { token: string } } };
    await using thief = await connectWith(url, session.request());
    assert.equal(thief.id, client.id);
    assert.equal(await closed, 'closed replaced');
    await assert.rejects(client.send(thief.id, {}), { code: 'closed' });
  });
}

/** A client that resumes the session of another one. */
async function connectWith(url: string, session: object): Promise<RouterClient> {
  const { Session } = await import('../../clients/typescript/src/session.ts');
  const original = Session.prototype.request;
  Session.prototype.request = () => session as ReturnType<typeof original>;
  try {
    return await connect(url);
  } finally {
    Session.prototype.request = original;
  }
}

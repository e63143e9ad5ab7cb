import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rssOf } from '../integration/healthy-pair.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';

const MEBIBYTE = 1024 * 1024;
/** The beginning of a message of 4 MiB. */
const BEGINNING = Buffer.concat([Buffer.from('00003fffff', 'hex'), Buffer.alloc(1_500_000)]);

test('memory after a flood: returned to the system without further traffic', async () => {
  await using router = await RouterProcess.start(['--log-level', 'warning']);
  const attackers = await Promise.all(Array.from({ length: 20 }, () => DartClient.connect(router.port)));
  for (const attacker of attackers) for (let n = 0; n < 4; n++) attacker.open('p2p').send(BEGINNING);
  await router.until('it to be held', ({ queues }) => queues.bytes > 100 * MEBIBYTE, 20_000);
  const most = await rssOf(router);
  for (const attacker of attackers) attacker.connection.destroy();
  await router.until('it to be dropped', ({ queues }) => queues.bytes === 0, 20_000);
  const isReturned = async (): Promise<boolean> => (await rssOf(router)) < most - 50 * MEBIBYTE;
  await poll('most of it to be given back', isReturned, { limitMs: 60_000, everyMs: 200 });
  assert.ok((await rssOf(router)) < most);
});

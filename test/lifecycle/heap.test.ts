import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';

const PAIRS = 40;
const BURST = 64;
const ROUNDS = 6;
const BLOB = Buffer.alloc(15_000);

/** Makes V8 print each collection to standard output; NODE_OPTIONS does not allow this flag. */
const TRACE_GC = `import{setFlagsFromString}from'node:v8';setFlagsFromString('--trace-gc')`;

/** Asserts only that all messages arrive; other tests check their contents. */
async function burst(pairs: readonly (readonly [DartClient, DartClient])[]): Promise<void> {
  for (const [sender, receiver] of pairs) {
    for (let n = 0; n < BURST; n++) sender.unicast(receiver.id, { blob: BLOB });
  }
  const allThere = (): boolean => pairs.every(([, receiver]) => receiver.p2p.inbox.length >= BURST);
  await poll('all messages', allThere, { everyMs: 1, limitMs: 30_000 });
  for (const [, receiver] of pairs) receiver.p2p.drain();
}

test('large messages: few full garbage collections', async () => {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${TRACE_GC}` };
  await using router = await RouterProcess.start(['--log-level', 'warning', '--max-send-queue-bytes', '16MiB'], {
    env,
  });
  const walks = (): number => router.log.match(/Mark-Compact/g)?.length ?? 0;
  const join = async () => [await DartClient.join(router.port), await DartClient.join(router.port)] as const;
  const pairs = await Promise.all(Array.from({ length: PAIRS }, join));
  try {
    await burst(pairs); // V8 recalculates the growth at the end of a collection
    const before = walks();
    for (let round = 0; round < ROUNDS; round++) await burst(pairs);
    const during = walks() - before;
    assert.ok(before + during > 0, 'V8 tells of collections');
    assert.ok(during <= 2 * ROUNDS, `${during} for ${(PAIRS * BURST * ROUNDS * BLOB.length) / 1e6} MB`);
  } finally {
    for (const client of pairs.flat()) client.connection.destroy();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterProcess } from '../support/router-process.ts';

test('flags and variables of the Dart router: work, with one warning line for each without effect', async () => {
  await using router = await RouterProcess.start(['--tls', '-t', 'http2', '--worker-threads', '4', '-lwarning'], {
    env: { ROUTER_ENABLE_STATS: 'true' },
  });
  const lines = router.log.split('\n').filter((line) => /ignored|: now /.test(line));
  assert.deepEqual(
    lines.map((line) => line.split(':')[0]),
    ['--tls', '-t http2', '--worker-threads 4', 'ROUTER_ENABLE_STATS'],
  );
  assert.doesNotMatch(router.log, /\[INFO\]/);
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { startWorkers, workerPids, workersOf } from './worker-bed.ts';

test('HUP: all workers apply a change, their clients stay', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', 'max-connections: 10\nmax-groups: 5\n');
  await using router = await startWorkers(['--config', config]);
  const clients = await Promise.all(Array.from({ length: 4 }, () => DartClient.join(router.port)));
  writeFileSync(config, 'max-connections: 20\nmax-groups: 3\nlog-level: debug\n');
  const reload = await router.reload();
  assert.equal(reload.outcome, 'applied');
  assert.deepEqual(
    reload.changes.map(({ key, from, to }) => `${key} ${from} ${to}`),
    ['max-connections 10 20', 'max-groups 5 3', 'log-level info debug'],
  );
  assert.equal(
    (await workersOf(router)).reduce((sum, { connections }) => sum + connections.max, 0),
    20,
  );
  for (let n = 0; n < 6; n++) {
    using client = await DartClient.connect(router.port);
    const reply = await client.tryRegister({ groups: ['a', 'b', 'c', 'd'] });
    assert.equal(reply.success, false, 'the new limit of groups, whichever worker it is');
  }
  for (const client of clients) await client.ping();
  assert.equal(router.log.match(/Configuration reloaded/g)?.length, 1 + 2, 'the parent and both workers');
  for (const client of clients) client.connection.destroy();
});

test('a reload that the parent refuses, and one that a worker refuses, change nothing', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', 'workers: 2\nmax-groups: 5\n');
  await using router = await RouterProcess.start(['--config', config]);
  for (const [text, reason] of [
    ['workers: 2\nmax-groups: 3\nlog-format: json\n', /log-format: cannot change without a restart/],
    ['workers: 3\nmax-groups: 3\n', /workers: cannot change without a restart \(2 -> 3\)/],
    ['workers: 2\nmax-groups: many\n', /max-groups must be/],
    [`workers: 2\nmax-groups: 3\nauth-tokens-file: ${folder.file('missing')}\n`, /missing: cannot be read/],
  ] as const) {
    writeFileSync(config, text);
    const { outcome, errors } = await router.reload();
    assert.equal(outcome, 'refused', text);
    assert.match(errors.join('\n'), reason);
    assert.equal(errors.length, 1, 'the same problem once, not once per worker');
  }
  using client = await DartClient.connect(router.port);
  const reply = await client.tryRegister({ groups: ['a', 'b', 'c', 'd'] });
  assert.equal(reply.success, true);
});

test('one worker that does not answer: none of them applies the reload', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', 'max-groups: 5\n');
  await using router = await startWorkers(['--config', config, '--worker-timeout', '60s']);
  const [, second = 0] = await workerPids(router);
  process.kill(second, 'SIGSTOP');
  writeFileSync(config, 'max-groups: 3\n');
  const { outcome, errors } = await router.reload();
  process.kill(second, 'SIGCONT');
  assert.equal(outcome, 'refused');
  assert.match(errors.join('\n'), /worker 2 \(pid \d+\) did not answer/);
  for (let n = 0; n < 6; n++) {
    using client = await DartClient.connect(router.port);
    assert.equal((await client.tryRegister({ groups: ['a', 'b', 'c', 'd'] })).success, true);
  }
});

test('a worker started after a reload has the configuration in force, not that of the file', async () => {
  using folder = new TempFolder();
  const config = folder.write('config.yaml', 'max-groups: 5\n');
  await using router = await startWorkers(['--config', config]);
  writeFileSync(config, 'max-groups: 3\n');
  await router.reload();
  writeFileSync(config, 'not: valid\n');
  const pids = await workerPids(router);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await router.until('new processes', ({ workers = [] }) => {
    return workers.every(({ pid, state }) => state === 'ready' && !pids.includes(pid));
  });
  using client = await DartClient.connect(router.port);
  assert.equal((await client.tryRegister({ groups: ['a', 'b', 'c', 'd'] })).success, false);
});

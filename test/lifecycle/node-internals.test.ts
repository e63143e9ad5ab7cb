import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPABILITIES } from '../../src/app/index.ts';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';

const [MAJOR] = process.versions.node.split('.');

for (const [args, isUsed] of [
  [[], true],
  [['--no-node-internals'], false],
] as const) {
  test(`${args.join(' ') || 'by default'}: ${isUsed ? 'every capability is in use' : 'none is, and messages arrive'}`, async () => {
    await using router = await RouterProcess.start([
      '--metrics',
      '--metrics-port',
      '0',
      '--log-level',
      'debug',
      ...args,
    ]);
    const states = CAPABILITIES.map((name) => `${name} ${isUsed ? 'yes' : 'no'}`).join(', ');
    const lines = router.log.split('\n').filter((line) => line.includes('Node internals'));
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith(`Node internals: ${states} (Node ${MAJOR})`), lines[0]);
    const { capabilities } = await router.status();
    assert.deepEqual(capabilities, Object.fromEntries(CAPABILITIES.map((name) => [name, isUsed])));
    const metrics = await (await fetch(`http://127.0.0.1:${router.metricsPort}/metrics`)).text();
    for (const name of CAPABILITIES) {
      assert.match(metrics, new RegExp(`^rpc_router_capability\\{name="${name}"\\} ${isUsed ? 1 : 0}$`, 'm'));
    }
    using client = await DartClient.join(router.port);
    assert.equal(await client.canReach(client.id), true);
    assert.doesNotMatch(router.log, /unrecognized flag/);
  });
}

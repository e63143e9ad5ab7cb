import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { encodeFrame, PREFACE, pingFrame } from '../support/http2-frames.ts';
import { poll } from '../support/poll.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { RouterProcess } from '../support/router-process.ts';
import { ATTACKS, dataFrame, flood } from './frame-attacks.ts';
import { HealthyPair, rssOf } from './healthy-pair.ts';

const MIB = 1024 * 1024;
/** Maximum additional memory of the router during one attack, garbage included. */
const MAX_GROWTH_BYTES = 120 * MIB;

let router: RouterProcess;
before(async () => {
  router = await RouterProcess.start(['--keepalive-interval', '2s', '--keepalive-timeout', '2s']);
});
after(() => router.stop());

for (const [name, attack] of ATTACKS) {
  test(`${name}: other clients are not affected`, async () => {
    const healthyPair = await HealthyPair.join(router.port);
    const before = await rssOf(router);
    using attacker = await RawConnection.open({ port: router.port });
    await attack(attacker);
    await poll('the router to be through with it', async () => (await router.status()).state === 'ready');
    const grown = (await rssOf(router)) - before;
    assert.ok(grown < MAX_GROWTH_BYTES, `${Math.round(grown / MIB)} MiB more`);
    await healthyPair.assertServed();
    attacker.destroy();
    await router.until('nothing to be left of it', ({ connections, clients }) => {
      return connections.current === 0 && clients.current === 0;
    });
  });
}

test('afterwards: no stream, byte or client remains', async () => {
  const status = await router.status();
  assert.equal(status.queues.bytes, 0);
  assert.match(await router.get('/metrics'), /^rpc_router_streams 0$/m);
  assert.doesNotMatch(router.log, /Crash|Internal error|\[CRITICAL\]/);
  using client = await DartClient.join(router.port);
  assert.equal(await client.canReach(client.id), true);
});

test('a protocol other than HTTP/2: refused at once and counted', async () => {
  const hellos = [
    '\u0016\u0003\u0001\u0002\u0000\u0001',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX',
    'SSH-2.0-OpenSSH\r\n',
    '\0',
  ];
  const before = (await router.status()).connections.refused.protocolError ?? 0;
  for (const hello of hellos) {
    using attacker = await RawConnection.open({ port: router.port, silent: true });
    attacker.write(Buffer.from(hello, 'latin1'));
    await attacker.whenClosed;
  }
  assert.equal((await router.status()).connections.refused.protocolError, before + hellos.length);
});

test('a preface followed by a frame other than SETTINGS: refused', async () => {
  const healthyPair = await HealthyPair.join(router.port);
  for (const frame of [
    dataFrame(1),
    pingFrame(Buffer.alloc(8)),
    Buffer.alloc(300_000),
    encodeFrame(9, 4, 1, Buffer.alloc(5)),
  ]) {
    using attacker = await RawConnection.open({ port: router.port, silent: true });
    await flood(attacker, [Buffer.concat([PREFACE, frame])]);
    await router.until('it to be seen', () => true);
  }
  await healthyPair.assertServed();
});

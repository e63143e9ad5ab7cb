import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../cli/run-cli.ts';
import { DartClient } from '../support/dart-client.ts';
import { NatsServer, WITHOUT_NATS as skip } from '../support/nats-server.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

/** Least permissions: the subjects of the cluster only. */
const PERMISSIONS = (subject: string): string =>
  `authorization { users = [ { user: router, password: s3cret, permissions: { publish: "${subject}", subscribe: "${subject}" } } ] }`;

test('nats: readiness, status and metrics show an outage', { skip }, async () => {
  await using nats = await NatsServer.start();
  const args = ['--cluster', nats.url, '--no-metrics'];
  await using a = await RouterProcess.start([...args, '--cluster-node', 'a']);
  await using b = await RouterProcess.start([...args, '--cluster-node', 'b', '--cluster-required']);
  await a.until('both to be joined', ({ cluster }) => cluster?.nodes[0]?.state === 'up');
  const client = await DartClient.join(b.port);
  await a.until('the client to be seen', ({ cluster }) => cluster?.nodes[0]?.clients === 1);
  assert.match(await a.get('/metrics'), /rpc_router_cluster_remote_clients 1\n/);
  assert.deepEqual([await a.get('/readyz'), await b.get('/readyz')], ['ready\n', 'ready\n']);
  await nats.kill();
  await poll('readiness to change', async () => (await a.get('/readyz')).trim() === 'degraded');
  await poll('readiness to change', async () => (await b.get('/readyz')).trim() === 'degraded');
  assert.match(await a.get('/metrics'), /rpc_router_cluster_connected 0\n/);
  await nats.start();
  await poll('readiness to return', async () => (await a.get('/readyz')).trim() === 'ready');
  client.connection.destroy();
});

test('nats: user, password, a shared secret and least permissions suffice', { skip }, async () => {
  using folder = new TempFolder();
  await using nats = await NatsServer.start(PERMISSIONS('rpc-router.default.>'));
  const secret = folder.write('secret', 'x'.repeat(32));
  const args = ['--cluster', nats.url, '--cluster-user-file', folder.write('user', 'router:s3cret\n'), '--no-metrics'];
  await using a = await RouterProcess.start([...args, '--cluster-node', 'a', '--cluster-secret-file', secret]);
  await using b = await RouterProcess.start([...args, '--cluster-node', 'b', '--cluster-secret-file', secret]);
  await a.until('both to be joined', ({ cluster }) => cluster?.nodes[0]?.state === 'up');
  const [near, far] = [await DartClient.join(a.port), await DartClient.join(b.port)];
  near.unicast(far.id, { n: 1 });
  assert.deepEqual((await far.next(({ type }) => type === 'unicast')).message.payload, { n: 1 });
  await using stranger = await RouterProcess.start([...args, '--cluster-node', 'stranger']);
  await stranger.logged(/Connected to NATS/);
  await a.logged(/without a valid signature/);
  assert.equal((await stranger.status()).cluster?.nodes.length, 0);
  for (const { connection } of [near, far]) connection.destroy();
});

test('nats: --check-config reports an unreachable server, a refusal and a missing permission', { skip }, async () => {
  using folder = new TempFolder();
  await using nats = await NatsServer.start(PERMISSIONS('other.>'));
  const check = async (...args: string[]): Promise<string> =>
    (await runCli(['--check-config', '--cluster', nats.url, ...args])).stdout;
  assert.match(await check(), /refused: .*--cluster-user-file/i);
  assert.match(
    await check('--cluster-user-file', folder.write('user', 'router:s3cret')),
    /a permission is missing: .*rpc-router\.default\.>/,
  );
  await nats.kill();
  assert.match(await check(), /cannot be reached: .*nats-server/);
});

test('cluster: mistakes in its options are reported with the remedy', async () => {
  const complaint = async (...args: string[]): Promise<string> => (await runCli(['--check-config', ...args])).stderr;
  assert.match(await complaint('--cluster', 'localhost'), /--cluster: must be URLs such as nats:/);
  assert.match(await complaint('--cluster', 'nats://u:hidden@h'), /--cluster-user-file/);
  assert.doesNotMatch(await complaint('--cluster', 'nats://u:hidden@h'), /hidden/);
  assert.match(await complaint('--cluster-name', 'a.*'), /--cluster-name: must be letters/);
  assert.match(await complaint('--cluster-tls-cert', '/nowhere.pem'), /requires --cluster-tls-key/);
});

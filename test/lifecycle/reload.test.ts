import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { OPTIONS, type Option } from '../../src/config/index.ts';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

/** Beginning of every configuration in these tests. */
const BASE = { 'max-groups': '10', 'log-level': 'debug' } as const;

const folder = new TempFolder();
const config = folder.write('router.yaml', yaml({}));
let router: RouterProcess;
let client: DartClient;

before(async () => {
  router = await RouterProcess.start(['--config', config], { folder });
  client = await DartClient.join(router.port);
});
after(async () => {
  client.connection.destroy();
  await router.stop();
  folder.remove();
});

function yaml(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...BASE, ...settings }).map(([key, value]) => `${key}: ${value}`);
  return `${lines.join('\n')}\n`;
}

/** Another value than the one in force, for each option of the router's process that a file can hold. */
const OTHER_VALUES: Readonly<Record<string, string>> = {
  'shutdown-timeout': '3s',
  'max-connections': '77',
  'max-send-queue-bytes': '1MiB',
  'max-buffer-bytes': '32MiB',
  'write-deadline': '7s',
  'max-clients-per-connection': '5',
  'max-groups': '3',
  'max-pending-requests': '9',
  'client-timeout': '77s',
  'health-check': 'false',
  'health-check-interval': '11s',
  'log-level': 'info',
  'log-file': folder.file('router.log'),
  verbose: 'true',
  quiet: 'true',
  stats: 'true',
  'stats-interval': '5s',
  'status-page-clients': 'true',
  'proxy-protocol': 'true',
  'max-connections-per-address': '9',
  'handshake-timeout': '3s',
  'keepalive-interval': '12s',
  'keepalive-timeout': '13s',
  'max-message-bytes': '1MiB',
  'max-header-bytes': '32KiB',
  'max-resets-per-second': '50',
  'session-window': '90s',
  'session-buffer-bytes': '2MiB',
  'session-key-file': folder.write('session.key', Buffer.alloc(32, 7).toString('latin1'), 0o600),
  websocket: 'false',
  'websocket-origins': 'https://app.example.com',
  'log-format': 'json',
  'log-journal': 'true',
  metrics: 'true',
  'metrics-host': '127.0.0.2',
  'metrics-port': '0',
  api: 'true',
  'api-host': '127.0.0.2',
  'api-port': '0',
  'api-tokens-file': folder.write('api-tokens', 'a: write 0123456789abcdef\n', 0o600),
  'api-insecure': 'true',
  'api-origins': 'https://app.example.com',
  'pid-file': folder.file('other.pid'),
  lang: 'ru',
  transport: 'grpc-js',
  'node-internals': 'false',
  cluster: 'nats://127.0.0.1:1',
  workers: '2',
  'worker-timeout': '20s',
};

/** Options set by the flags of every test router, which override the file, and options of several processes. */
const NOT_FROM_FILE = ['host', 'port', 'ports-file', 'control-socket', 'config', 'options-file'];
/** Tested with real files in the tests of TLS and of tokens. */
const SECURITY_FILES = ['tls-cert', 'tls-key', 'tls-client-ca', 'auth-tokens-file', 'access-file', 'auth-scope'];
/** Needs --proxy-protocol; its reload is a test of the PROXY protocol. */
const ELSEWHERE = [...SECURITY_FILES, 'trusted-proxies'];
/** Refused without --cluster, which itself requires a restart. */
const CLUSTER_DETAILS = /^cluster-/;

const routerOptions = (OPTIONS as readonly Option[]).filter(({ scope, key, flagOnly }) => {
  return (
    scope === 'router' &&
    flagOnly !== true &&
    !NOT_FROM_FILE.includes(key) &&
    !ELSEWHERE.includes(key) &&
    !CLUSTER_DETAILS.test(key)
  );
});

test('this table: has a row for every option of the router', () => {
  assert.deepEqual(
    routerOptions.map(({ key }) => key).filter((key) => OTHER_VALUES[key] === undefined),
    [],
  );
});

for (const { key, reload } of routerOptions) {
  const value = OTHER_VALUES[key] ?? '';
  if (reload === 'restart') {
    test(`${key} requires a restart: the whole reload is refused with its name`, async () => {
      const before = (await router.status()).reload;
      // a second, valid change must not be applied either
      folder.write('router.yaml', yaml({ [key]: value, 'max-groups': '4' }));
      const refused = await router.reload();
      assert.equal(refused.outcome, 'refused');
      assert.equal(refused.configDigest, before.configDigest);
      assert.deepEqual(refused.changes, []);
      assert.deepEqual(
        refused.errors.map((error) => error.split(':')[0]),
        [key],
      );
      assert.match(refused.errors.join(), /cannot change without a restart \(.* -> .*\)/);
      await assertGroupsAllowed(10);
      await putBack('unchanged');
    });
  } else {
    test(`${key}: applied at once, logged and shown`, async () => {
      const before = (await router.status()).reload;
      const from = router.log.length;
      folder.write('router.yaml', yaml({ [key]: value }));
      const applied = await router.reload();
      const [change] = applied.changes.filter((candidate) => candidate.key === key);
      assert.equal(applied.outcome, 'applied', applied.errors.join());
      assert.equal(change?.to, value);
      assert.notEqual(applied.configDigest, before.configDigest);
      assert.ok(Date.now() - (applied.lastAt ?? 0) < 10_000);
      if (key !== 'log-file')
        await router.logged(new RegExp(`\\[INFO\\] ${key}: ${change?.from} -> ${value}\n`), { from });
      assert.equal(await client.canReach(client.id), true, 'connections survive');
      const restored = await putBack('applied');
      assert.equal(restored.configDigest, before.configDigest);
    });
  }
}

async function putBack(expected: string): Promise<Awaited<ReturnType<RouterProcess['reload']>>> {
  folder.write('router.yaml', yaml({}));
  const outcome = await router.reload();
  assert.equal(outcome.outcome, expected, outcome.errors.join());
  return outcome;
}

async function assertGroupsAllowed(count: number): Promise<void> {
  using other = await DartClient.connect(router.port);
  const groups = Array.from({ length: count }, (_, n) => `g${n}`);
  assert.equal((await other.tryRegister({ groups })).success, true);
  assert.equal((await other.tryRegister({ groups: [...groups, 'more'] })).success, false);
}

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['a value out of range', 'max-connections: 0\n', /router\.yaml:1: max-connections must be 1\.\./],
  ['an unknown key', 'max-conections: 5\n', /router\.yaml:1: .*max-conections.*max-connections/s],
  ['no YAML', 'max-groups: [1\n', /router\.yaml/],
  ['a contradiction', 'verbose: true\nquiet: true\n', /router\.yaml:1: --verbose conflicts with --quiet/],
  ['a file that is not there', 'auth-tokens-file: /nonexistent/tokens\n', /\/nonexistent\/tokens: cannot be read/],
  [
    'a log file that cannot be opened',
    'log-file: /nonexistent/router.log\n',
    /\/nonexistent\/router\.log: cannot be opened/,
  ],
];

for (const [name, text, expected] of REFUSED) {
  test(`${name}: the reload is refused, with the reason in log, status and metrics`, async () => {
    const from = router.log.length;
    const before = (await router.status()).reload;
    folder.write('router.yaml', text);
    const { outcome, errors, configDigest, count } = await router.reload();
    assert.equal(outcome, 'refused');
    assert.match(errors.join('\n'), expected);
    assert.equal(configDigest, before.configDigest);
    await router.logged(/\[ERROR\] Reload refused, the old configuration stays in force\n.*\[ERROR\] /, { from });
    const metrics = await router.get('/metrics');
    assert.match(metrics, /^rpc_router_reload_last_success 0$/m);
    assert.match(metrics, new RegExp(`^rpc_router_reloads_total ${count}$`, 'm'));
    assert.equal(await client.canReach(client.id), true);
    await putBack('unchanged');
    assert.match(await router.get('/metrics'), /^rpc_router_reload_last_success 1$/m);
  });
}

test('a missing configuration file: the reload is refused', async () => {
  rmSync(config);
  const { outcome, errors } = await router.reload();
  assert.equal(outcome, 'refused');
  assert.match(errors.join(), /router\.yaml: cannot be read/);
  await putBack('unchanged');
});

test('the first client: still connected and never disturbed', async () => {
  assert.equal(client.p2p.stream.ended, false);
  const { connections, reload } = await router.status();
  assert.equal(connections.current, 1);
  assert.ok(reload.count > 2 * routerOptions.length);
});

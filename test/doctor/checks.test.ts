import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { RouterStatus } from '../../src/telemetry/index.ts';
import { TestCa } from '../support/certs.ts';
import { brief, DoctorFixture } from './doctor-fixture.ts';

const DAY_MS = 86_400_000;

/** Writes files below a folder that replaces /proc. */
function fakeProc(fixture: DoctorFixture, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    const folder = `proc/${path}`.split('/').slice(0, -1).join('/');
    mkdirSync(fixture.folder.file(folder), { recursive: true });
    fixture.folder.write(`proc/${path}`, content);
  }
  return fixture.folder.file('proc');
}

test('nofile: fails if the limit is too low for the connections', async () => {
  using fixture = new DoctorFixture();
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1064                 4096                 files\n';
  const procFolder = fakeProc(fixture, { 'self/limits': limits });
  const check = (maxConnections: number) =>
    fixture.check('nofile', { procFolder, config: fixture.config({ maxConnections }) });
  assert.deepEqual((await check(1000)).map(brief), ['ok']);
  const [finding] = await check(1001);
  assert.equal(finding?.outcome, 'fail');
  assert.match(finding?.advice ?? '', /LimitNOFILE=65536/);
});

test('sysctl: warns about backlogs smaller than the connection limit', async () => {
  using fixture = new DoctorFixture();
  const procFolder = fakeProc(fixture, {
    'sys/net/core/somaxconn': '128\n',
    'sys/net/ipv4/tcp_max_syn_backlog': '65536\n',
  });
  const findings = await fixture.check('sysctl', { procFolder });
  assert.deepEqual(findings.map(brief), [
    'warn: net.core.somaxconn is 128 → sudo sysctl -w net.core.somaxconn=65536; to make it permanent: sudo bash scripts/install-production.sh --tune',
    'ok',
  ]);
});

test('ports: reports a port used by another program, with advice', async (t) => {
  using fixture = new DoctorFixture();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const port = (other.address() as { port: number }).port;
  const [grpc, metrics] = await fixture.check('ports', {
    config: fixture.config({ metrics: true, metricsPort: port }),
  });
  assert.equal(grpc?.outcome, 'ok');
  assert.match(
    brief(metrics ?? assert.fail()),
    /^fail: 127\.0\.0\.1:\d+ is in use by another program → .*--metrics-port$/,
  );
  const listening = [{ purpose: 'metrics' as const, host: '127.0.0.1', port }];
  const status = { listening, connections: { max: 1000 } } as unknown as RouterStatus;
  const own = await fixture.check('ports', { config: fixture.config({ metrics: true, metricsPort: port }), status });
  assert.equal(own[1]?.text, `127.0.0.1:${port}: used by the router`);
  const [, api] = await fixture.check('ports', { config: fixture.config({ api: true, apiPort: port }) });
  assert.match(brief(api ?? assert.fail()), /is in use by another program → .*--api-port$/);
  const [foreign] = await fixture.check('ports', { config: fixture.config({ host: '192.0.2.1', port: 4000 }) });
  assert.match(brief(foreign ?? assert.fail()), /^fail: 192\.0\.2\.1:4000 cannot be used: .* → Set --host/);
});

test('tls: reports expiry, a mismatched key and invalid files', async () => {
  using fixture = new DoctorFixture();
  const ca = new TestCa(fixture.folder);
  const [server, other, expired] = [ca.issue('server'), ca.issue('other'), ca.issueExpired('old')];
  const check = async (tlsCert: string, tlsKey: string, now = new Date()) => {
    return (await fixture.check('tls', { config: fixture.config({ tlsCert, tlsKey }), now })).map(brief);
  };
  assert.deepEqual((await fixture.check('tls')).map(brief), ['ok']);
  const [soon] = await check(server.certFile, server.keyFile);
  assert.match(soon ?? '', /^warn: .*server\.pem expires on \d{4}-\d\d-\d\d, in 1 day → .*--daemon-reload$/);
  const early = new Date(Date.now() - 30 * DAY_MS);
  assert.match((await check(server.certFile, server.keyFile, early))[0] ?? '', /^fail: .* is not valid before/);
  assert.match((await check(expired.certFile, expired.keyFile))[0] ?? '', /^fail: .* expired on 2021-01-01/);
  assert.match(
    (await check(server.certFile, other.keyFile))[1] ?? '',
    /^fail: .*other\.key is not the key of .*server\.pem/,
  );
  assert.match(
    (await check(fixture.folder.write('x.pem', 'x'), other.keyFile))[0] ?? '',
    /^fail: .*x\.pem: .* → Provide a file in PEM/,
  );
});

test('tls: rejects a key with a passphrase', async () => {
  using fixture = new DoctorFixture();
  const { certFile: tlsCert } = new TestCa(fixture.folder).issue('server');
  const tlsKey = fixture.folder.write('key.pem', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n');
  const [, key] = (await fixture.check('tls', { config: fixture.config({ tlsCert, tlsKey }) })).map(brief);
  assert.match(
    key ?? '',
    /^fail: .*key\.pem: protected by a passphrase.* → Provide a private key in PEM format without/,
  );
});

test('permissions: reports readable secrets, a missing folder and a symlink', async () => {
  using fixture = new DoctorFixture();
  const check = async (change: Parameters<DoctorFixture['check']>[1]) =>
    (await fixture.check('permissions', change)).map(brief);
  assert.deepEqual(await check({}), ['ok']);
  const authTokensFile = fixture.folder.write('tokens', 'someone: a-long-token-of-30-characters\n', 0o644);
  const tlsKey = fixture.folder.write('key.pem', '', 0o604);
  const [tokens, key] = await check({ config: fixture.config({ authTokensFile, tlsKey }) });
  assert.match(tokens ?? '', /^fail: .*tokens: readable by others \(mode 644\) → chmod 640 .*tokens$/);
  const accessFile = fixture.folder.write('access.yaml', 'roles: { r: { alow: [] } }\n');
  const [access] = await check({ config: fixture.config({ accessFile }) });
  assert.match(
    access ?? '',
    /^fail: .*access\.yaml:1: unknown key alow; did you mean allow\? → Correct .*access\.yaml/,
  );
  assert.match(key ?? '', /^warn: .*key\.pem: readable by others \(mode 604\) → chmod 640 .*key\.pem$/);
  // as with certbot and Kubernetes: the link has mode 777, the key has not
  chmodSync(tlsKey, 0o640);
  const link = fixture.folder.file('live.pem');
  symlinkSync(tlsKey, link);
  assert.deepEqual(await check({ config: fixture.config({ tlsKey: link }) }), ['ok']);
  const gone = fixture.folder.file('gone/x.pid');
  const paths = {
    pidFile: gone,
    logFile: fixture.folder.file('router.log'),
    controlSocket: fixture.folder.file('x.sock'),
  };
  const [missing] = await check({ daemon: { supervised: null, pid: null, isOwn: false, paths, other: null } });
  assert.match(missing ?? '', /^fail: .*gone: no such folder → sudo install -d -m 750/);
  symlinkSync('/etc/passwd', fixture.folder.file('router.log'));
  assert.match((await check({}))[0] ?? '', /^fail: .*router\.log is a symbolic link.* → Remove it: rm /);
});

test('leftovers: reports stale and reused PID files', async () => {
  using fixture = new DoctorFixture();
  const check = async () => (await fixture.check('leftovers', { pidFolders: [fixture.folder.path] })).map(brief);
  assert.deepEqual(await check(), ['ok']);
  fixture.folder.write('rpc_dart_router.pid', '4194305\n'); // above the largest possible pid
  fixture.folder.write('rpc_dart_router.second.pid', `${process.pid}\n`);
  const [stale, reused] = await check();
  assert.match(stale ?? '', /^warn: .*rpc_dart_router\.pid: no process has PID 4194305 → rm .*rpc_dart_router\.pid/);
  assert.match(reused ?? '', new RegExp(`^warn: .*second\\.pid: PID ${process.pid} belongs to another program`));
});

test('log and disk: report an oversized log and the free space', async () => {
  using fixture = new DoctorFixture();
  fixture.folder.write('router.log', 'x'.repeat(5000));
  assert.deepEqual((await fixture.check('log')).map(brief), ['ok']);
  const [big] = await fixture.check('log', { config: fixture.config({ logMaxSize: 1024 }) });
  assert.match(
    brief(big ?? assert.fail()),
    /^warn: .*router\.log: 4\.9 KiB exceeds log-max-size 1\.0 KiB: rotation does not work/,
  );
  const [disk] = await fixture.check('disk');
  assert.match(disk?.text ?? '', /free$|full$/);
});

test('clock: fails if the time is earlier than the build', async () => {
  using fixture = new DoctorFixture();
  const [finding] = await fixture.check('clock', { now: new Date('2001-01-01T00:00:00Z') });
  assert.match(
    brief(finding ?? assert.fail()),
    /^fail: 2001-01-01T00:00:00\.000Z is earlier than the build of this program → /,
  );
});

test('pm2: reports another version, a dead daemon, an accessible home and a too long path', async (t) => {
  using fixture = new DoctorFixture();
  const check = async (change: Parameters<DoctorFixture['check']>[1] = {}) =>
    (await fixture.check('pm2', change)).map(brief);
  assert.deepEqual(await check(), ['ok', 'ok']);
  mkdirSync(fixture.env.PM2_HOME, { mode: 0o700 });
  fixture.folder.write('pm2/pm2.pid', '4194305');
  assert.match((await check())[1] ?? '', /^warn: PM2 with PID 4194305 has exited/);
  const procFolder = fakeProc(fixture, { [`${process.pid}/cmdline`]: 'PM2 v5.1.0: God Daemon (/x)' });
  fixture.folder.write('pm2/pm2.pid', String(process.pid));
  assert.match((await check({ procFolder }))[1] ?? '', /^fail: PM2 with PID \d+ does not respond → kill -9 \d+/);
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(fixture.folder.file('pm2/rpc.sock'), resolve));
  t.after(() => socket.close());
  assert.match(
    (await check({ procFolder }))[1] ?? '',
    /^warn: PM2 5\.1\.0 is running, but \d+\.\d+\.\d+ is bundled with the router → npx pm2 update/,
  );
  chmodSync(fixture.env.PM2_HOME, 0o755);
  assert.match(
    (await check({ procFolder }))[2] ?? '',
    /^warn: .*pm2 is accessible to other users: mode 755 → chmod 700/,
  );
  const env = { ...fixture.env, PM2_HOME: `/tmp/${'x'.repeat(120)}` };
  assert.match((await check({ env }))[2] ?? '', /^fail: .*: path too long for PM2 sockets/);
});

test('runChecks: a failing system call becomes a finding and does not affect other checks', async () => {
  using fixture = new DoctorFixture();
  const loop = fixture.folder.file('loop.yaml');
  symlinkSync(loop, loop);
  const findings = await fixture.runAll({ config: fixture.config({ config: loop }) });
  const config = findings.filter(({ check }) => check === 'config').map(brief);
  assert.match(config.join(), /^warn: Check failed: ELOOP.* → Correct this error and run --doctor again$/);
  assert.ok(findings.some(({ check, outcome }) => check === 'node' && outcome === 'ok'));
});

test('config, exposure and memory: report unsafe settings', async () => {
  using fixture = new DoctorFixture();
  const config = fixture.folder.write('router.yaml', 'port: 0\n');
  chmodSync(config, 0o666);
  const [, writable] = await fixture.check('config', { config: fixture.config({ config }) });
  assert.match(brief(writable ?? assert.fail()), /^fail: .*router\.yaml is writable by other users → chmod go-w/);
  const open = fixture.config({ host: '0.0.0.0', metrics: true, metricsHost: '::' });
  const findings = (await fixture.check('exposure', { config: open })).map(brief);
  assert.match(findings[0] ?? '', /^warn: Port 0 on 0\.0\.0\.0 is unprotected: no TLS, tokens/);
  assert.match(findings[1] ?? '', /^warn: Metrics and the status page on :: are unprotected/);
  const [memory] = await fixture.check('memory', { config: fixture.config({ maxMemory: 2 ** 50 }) });
  assert.match(brief(memory ?? assert.fail()), /^warn: max-memory 1024\.0 TiB exceeds/);
});

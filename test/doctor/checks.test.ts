import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { RouterStatus } from '../../src/telemetry/index.ts';
import { TestCa } from '../support/certs.ts';
import { brief, DoctorBed } from './doctor-bed.ts';

const DAY_MS = 86_400_000;

/** Writes files below a folder that stands for /proc. */
function fakeProc(bed: DoctorBed, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    const folder = `proc/${path}`.split('/').slice(0, -1).join('/');
    mkdirSync(bed.folder.file(folder), { recursive: true });
    bed.folder.write(`proc/${path}`, content);
  }
  return bed.folder.file('proc');
}

test('nofile: connections have to fit the limit of the process', async () => {
  using bed = new DoctorBed();
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1064                 4096                 files\n';
  const procFolder = fakeProc(bed, { 'self/limits': limits });
  const look = (maxConnections: number) => bed.look('nofile', { procFolder, config: bed.config({ maxConnections }) });
  assert.deepEqual((await look(1000)).map(brief), ['ok']);
  const [finding] = await look(1001);
  assert.equal(finding?.outcome, 'fail');
  assert.match(finding?.advice ?? '', /LimitNOFILE=65536/);
});

test('sysctl: the queues of the kernel have to hold all clients at once', async () => {
  using bed = new DoctorBed();
  const procFolder = fakeProc(bed, {
    'sys/net/core/somaxconn': '128\n',
    'sys/net/ipv4/tcp_max_syn_backlog': '65536\n',
  });
  const findings = await bed.look('sysctl', { procFolder });
  assert.deepEqual(findings.map(brief), [
    'warn: net.core.somaxconn is 128 → sudo sysctl -w net.core.somaxconn=65536; to keep it: sudo bash scripts/install-production.sh --tune',
    'ok',
  ]);
});

test('ports: one that another program has is named, with what to do', async (t) => {
  using bed = new DoctorBed();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const port = (other.address() as { port: number }).port;
  const [grpc, metrics] = await bed.look('ports', { config: bed.config({ metrics: true, metricsPort: port }) });
  assert.equal(grpc?.outcome, 'ok');
  assert.match(
    brief(metrics ?? assert.fail()),
    /^fail: 127\.0\.0\.1:\d+ is in use by another program → .*--metrics-port$/,
  );
  const listening = [{ purpose: 'metrics' as const, host: '127.0.0.1', port }];
  const status = { listening, connections: { max: 1000 } } as unknown as RouterStatus;
  const own = await bed.look('ports', { config: bed.config({ metrics: true, metricsPort: port }), status });
  assert.equal(own[1]?.text, `127.0.0.1:${port}: the router listens on it`);
  const [foreign] = await bed.look('ports', { config: bed.config({ host: '192.0.2.1', port: 4000 }) });
  assert.match(brief(foreign ?? assert.fail()), /^fail: 192\.0\.2\.1:4000 cannot be used: .* → Set --host/);
});

test('tls: expiry, a key of another certificate, files that are none', async () => {
  using bed = new DoctorBed();
  const ca = new TestCa(bed.folder);
  const [server, other, expired] = [ca.issue('server'), ca.issue('other'), ca.issueExpired('old')];
  const look = async (tlsCert: string, tlsKey: string, now = new Date()) => {
    return (await bed.look('tls', { config: bed.config({ tlsCert, tlsKey }), now })).map(brief);
  };
  assert.deepEqual((await bed.look('tls')).map(brief), ['ok']);
  const [soon] = await look(server.certFile, server.keyFile);
  assert.match(soon ?? '', /^warn: .*server\.pem ends on \d{4}-\d\d-\d\d, in 1 days → .*--daemon-reload$/);
  const early = new Date(Date.now() - 30 * DAY_MS);
  assert.match((await look(server.certFile, server.keyFile, early))[0] ?? '', /^fail: .* is not valid before/);
  assert.match((await look(expired.certFile, expired.keyFile))[0] ?? '', /^fail: .* ended on 2021-01-01/);
  assert.match(
    (await look(server.certFile, other.keyFile))[1] ?? '',
    /^fail: .*other\.key is not the key of .*server\.pem/,
  );
  assert.match(
    (await look(bed.folder.write('x.pem', 'x'), other.keyFile))[0] ?? '',
    /^fail: .*x\.pem: .* → Give a file in PEM/,
  );
});

test('tls: a key with a passphrase', async () => {
  using bed = new DoctorBed();
  const { certFile: tlsCert } = new TestCa(bed.folder).issue('server');
  const tlsKey = bed.folder.write('key.pem', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n');
  const [, key] = (await bed.look('tls', { config: bed.config({ tlsCert, tlsKey }) })).map(brief);
  assert.match(key ?? '', /^fail: .*key\.pem: protected by a passphrase.* → Give a private key in PEM format, without/);
});

test('permissions: open secrets, a missing folder, a symlink in a shared one', async () => {
  using bed = new DoctorBed();
  const look = async (change: Parameters<DoctorBed['look']>[1]) => (await bed.look('permissions', change)).map(brief);
  assert.deepEqual(await look({}), ['ok']);
  const authTokensFile = bed.folder.write('tokens', 'a: b\n', 0o644);
  const tlsKey = bed.folder.write('key.pem', '', 0o604);
  const [tokens, key] = await look({ config: bed.config({ authTokensFile, tlsKey }) });
  assert.match(tokens ?? '', /^fail: .*tokens: readable by others \(mode 644\) → chmod 640 .*tokens$/);
  assert.match(key ?? '', /^warn: .*key\.pem: readable by others \(mode 604\) → chmod 640 .*key\.pem$/);
  // as certbot and Kubernetes have it: the link has mode 777, the key has not
  chmodSync(tlsKey, 0o640);
  const link = bed.folder.file('live.pem');
  symlinkSync(tlsKey, link);
  assert.deepEqual(await look({ config: bed.config({ tlsKey: link }) }), ['ok']);
  const gone = bed.folder.file('gone/x.pid');
  const places = { pidFile: gone, logFile: bed.folder.file('router.log'), controlSocket: bed.folder.file('x.sock') };
  const [missing] = await look({ daemon: { supervised: null, pid: null, isOwn: false, places, other: null } });
  assert.match(missing ?? '', /^fail: .*gone: there is no such folder → sudo install -d -m 750/);
  symlinkSync('/etc/passwd', bed.folder.file('router.log'));
  assert.match((await look({}))[0] ?? '', /^fail: .*router\.log is a symbolic link.* → Remove it: rm /);
});

test('leftovers: pid files of the dead and of others, sockets that nobody answers', async () => {
  using bed = new DoctorBed();
  const look = async () => (await bed.look('leftovers', { pidFolders: [bed.folder.path] })).map(brief);
  assert.deepEqual(await look(), ['ok']);
  bed.folder.write('rpc_dart_router.pid', '4194305\n'); // beyond the largest pid there is
  bed.folder.write('rpc_dart_router.second.pid', `${process.pid}\n`);
  const [stale, reused] = await look();
  assert.match(
    stale ?? '',
    /^warn: .*rpc_dart_router\.pid: no process has the PID 4194305 → rm .*rpc_dart_router\.pid/,
  );
  assert.match(reused ?? '', new RegExp(`^warn: .*second\\.pid: the PID ${process.pid} belongs to another program`));
});

test('log and disk: a log that is not rotated', async () => {
  using bed = new DoctorBed();
  bed.folder.write('router.log', 'x'.repeat(5000));
  assert.deepEqual((await bed.look('log')).map(brief), ['ok']);
  const [big] = await bed.look('log', { config: bed.config({ logMaxSize: 1024 }) });
  assert.match(
    brief(big ?? assert.fail()),
    /^warn: .*router\.log: 4\.9 KiB, beyond log-max-size 1\.0 KiB: it is not rotated/,
  );
  const [disk] = await bed.look('disk');
  assert.match(disk?.text ?? '', /free$|full$/);
});

test('clock: one that stands before this program was made', async () => {
  using bed = new DoctorBed();
  const [finding] = await bed.look('clock', { now: new Date('2001-01-01T00:00:00Z') });
  assert.match(brief(finding ?? assert.fail()), /^fail: 2001-01-01T00:00:00\.000Z is before this program was made → /);
});

test('pm2: another version, a dead one, an open home, a path too long for its sockets', async (t) => {
  using bed = new DoctorBed();
  const look = async (change: Parameters<DoctorBed['look']>[1] = {}) => (await bed.look('pm2', change)).map(brief);
  assert.deepEqual(await look(), ['ok', 'ok']);
  mkdirSync(bed.env.PM2_HOME, { mode: 0o700 });
  bed.folder.write('pm2/pm2.pid', '4194305');
  assert.match((await look())[1] ?? '', /^warn: PM2 with the PID 4194305 is gone/);
  const procFolder = fakeProc(bed, { [`${process.pid}/cmdline`]: 'PM2 v5.1.0: God Daemon (/x)' });
  bed.folder.write('pm2/pm2.pid', String(process.pid));
  assert.match((await look({ procFolder }))[1] ?? '', /^fail: PM2 with the PID \d+ does not answer → kill -9 \d+/);
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(bed.folder.file('pm2/rpc.sock'), resolve));
  t.after(() => socket.close());
  assert.match(
    (await look({ procFolder }))[1] ?? '',
    /^warn: PM2 5\.1\.0 runs, but \d+\.\d+\.\d+ comes with the router → npx pm2 update/,
  );
  chmodSync(bed.env.PM2_HOME, 0o755);
  assert.match((await look({ procFolder }))[2] ?? '', /^warn: .*pm2 is open to others: mode 755 → chmod 700/);
  const env = { ...bed.env, PM2_HOME: `/tmp/${'x'.repeat(120)}` };
  assert.match((await look({ env }))[2] ?? '', /^fail: .* is too long for the sockets of PM2/);
});

test('a check that meets a failing system call is a finding of its own, and the others are shown', async () => {
  using bed = new DoctorBed();
  const loop = bed.folder.file('loop.yaml');
  symlinkSync(loop, loop);
  const findings = await bed.examine({ config: bed.config({ config: loop }) });
  const config = findings.filter(({ check }) => check === 'config').map(brief);
  assert.match(config.join(), /^warn: Could not be checked: ELOOP.* → Correct that and run --doctor again$/);
  assert.ok(findings.some(({ check, outcome }) => check === 'node' && outcome === 'ok'));
});

test('config, exposure, memory', async () => {
  using bed = new DoctorBed();
  const config = bed.folder.write('router.yaml', 'port: 0\n');
  chmodSync(config, 0o666);
  const [, writable] = await bed.look('config', { config: bed.config({ config }) });
  assert.match(brief(writable ?? assert.fail()), /^fail: .*router\.yaml may be written by everybody → chmod go-w/);
  const open = bed.config({ host: '0.0.0.0', metrics: true, metricsHost: '::' });
  const findings = (await bed.look('exposure', { config: open })).map(brief);
  assert.match(findings[0] ?? '', /^warn: Port 0 is open to everybody who reaches 0\.0\.0\.0: without TLS, tokens/);
  assert.match(findings[1] ?? '', /^warn: Metrics and the status page are open/);
  const [memory] = await bed.look('memory', { config: bed.config({ maxMemory: 2 ** 50 }) });
  assert.match(brief(memory ?? assert.fail()), /^warn: max-memory 1024\.0 TiB does not fit/);
});

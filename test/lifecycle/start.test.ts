import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

const FAILED = { code: 1, signal: null };
const USAGE = { code: 2, signal: null };
const NOBODY = 65534;

test('a port in use: exit code 1 with advice; the same for the metrics port', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    await using router = new SpawnedRouter(['--port', String(port)]);
    await using metrics = new SpawnedRouter(['--metrics', '--metrics-port', String(port)]);
    for (const refused of [router, metrics]) {
      assert.deepEqual(await refused.exited, FAILED);
      assert.match(
        refused.output,
        new RegExp(`\\[CRITICAL\\] Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`),
      );
      assert.doesNotMatch(refused.output, /Ready to accept|\n\s+at /);
    }
  } finally {
    other.close();
  }
});

test('an address of another host or an unknown host name: exit code 1 with advice', async () => {
  await using foreign = new SpawnedRouter(['--host', '192.0.2.1']);
  await using unknown = new SpawnedRouter(['--host', 'no-such-host.invalid']);
  assert.deepEqual(await foreign.exited, FAILED);
  assert.match(foreign.output, /Cannot listen on 192\.0\.2\.1:0: this machine has no such address/);
  assert.deepEqual(await unknown.exited, FAILED);
  assert.match(
    unknown.output,
    /Cannot listen on no-such-host\.invalid:0: (unknown host name|the name .* cannot be resolved)/,
  );
});

test('a port below 1024 without permission: exit code 1 with advice', { skip: process.getuid?.() !== 0 }, async () => {
  await using router = new SpawnedRouter(['--port', '443'], {
    wrapper: ['unshare', '--net', '--', 'sh', '-c', PRIVILEGED_SETUP, 'sh'],
  });
  assert.deepEqual(await router.exited, FAILED);
  assert.match(
    router.output,
    /Cannot listen on 127\.0\.0\.1:443: no permission; ports below 1024 need CAP_NET_BIND_SERVICE/,
  );
});

/** In a separate network namespace, where ports below 1024 are privileged, as an unprivileged user. */
const PRIVILEGED_SETUP = [
  'echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start',
  `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --inh-caps=-all --bounding-set=-all -- "$@"`,
].join('; ');

test('a failed start with a log file: prints the log to the terminal as well', async () => {
  using folder = new TempFolder();
  const log = folder.file('router.log');
  await using router = new SpawnedRouter(['--host', '192.0.2.1', '--log-file', log]);
  assert.deepEqual(await router.exited, FAILED);
  assert.match(router.output, /^Cannot listen on 192\.0\.2\.1/);
});

test('an invalid configuration: all problems with their locations, exit code 2', async () => {
  await using router = new SpawnedRouter(['--max-conections', '5', '--log-level', 'loud', '--write-deadline', '1x']);
  assert.deepEqual(await router.exited, USAGE);
  assert.match(router.output, /max-conections.*max-connections/);
  assert.match(router.output, /--log-level: log-level must be one of debug, info/);
  assert.match(router.output, /--write-deadline: write-deadline must be/);
  assert.match(router.output, /--help/);
});

test('a control socket of another router, or a path that is no socket: not replaced', async () => {
  using folder = new TempFolder();
  const socket = folder.file('control.sock');
  await using first = new SpawnedRouter(['--control-socket', socket]);
  await first.listens();
  await using second = new SpawnedRouter(['--control-socket', socket]);
  assert.deepEqual(await second.exited, FAILED);
  assert.match(second.output, /control\.sock: another router answers there/);
  const file = folder.write('file', 'x');
  await using third = new SpawnedRouter(['--control-socket', file]);
  assert.deepEqual(await third.exited, FAILED);
  assert.match(third.output, /file: is not a socket/);
  await using fourth = new SpawnedRouter(['--control-socket', '/nonexistent/control.sock']);
  assert.deepEqual(await fourth.exited, FAILED);
  assert.match(fourth.output, /\/nonexistent\/control\.sock/);
});

test('start warnings: an exposed address without TLS and tokens, too few descriptors', async () => {
  await using router = new SpawnedRouter(['--host', '0.0.0.0', '--max-connections', '900000']);
  await router.listens();
  assert.match(router.output, /\[WARNING\] Listening on 0\.0\.0\.0 without TLS/);
  assert.match(router.output, /\[WARNING\] Listening on 0\.0\.0\.0 without tokens/);
  assert.match(router.output, /\[WARNING\] max-connections 900000 does not fit the limit of \d+ open files/);
  await using quiet = new SpawnedRouter(['--max-connections', '100']);
  await quiet.listens();
  assert.doesNotMatch(quiet.output, /WARNING/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { freePort, type ProxyKind, ProxyProcess, skipWithout } from '../support/proxy-process.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const identity = ca.issue('router');
const TLS_ARGS = ['--tls-cert', identity.certFile, '--tls-key', identity.keyFile];
const PROXY_ARGS = ['--proxy-protocol', '--status-page-clients'];

const haproxy = (send: string): ProxyKind => ({
  name: 'haproxy',
  args: (files, { proxy, router }) => [
    '-db',
    '-f',
    files.write(
      'haproxy.cfg',
      `defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${proxy}
  default_backend router
backend router
  server router 127.0.0.1:${router} ${send}
`,
    ),
  ],
});

const nginx: ProxyKind = {
  name: 'nginx',
  args: (files, { proxy, router }) => {
    const config = files.write(
      'nginx.conf',
      `${loadStreamModule()}
pid ${files.file('nginx.pid')};
error_log stderr warn;
daemon off;
master_process off;
events {}
stream {
  server {
    listen 127.0.0.1:${proxy};
    proxy_pass 127.0.0.1:${router};
    proxy_protocol on;
    tcp_nodelay on;
  }
}
`,
    );
    return ['-c', config, '-p', files.path, '-e', 'stderr'];
  },
};

/** The directive that loads the module with the `stream` block; empty if it is built in, null if it is missing. */
function loadStreamModule(): string | null {
  const options = spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr ?? '';
  if (/--with-stream(?=\s)/.test(options)) return '';
  const module = `${/--modules-path=(\S+)/.exec(options)?.[1]}/ngx_stream_module.so`;
  return existsSync(module) ? `load_module ${module};` : null;
}

/** Addresses of the clients in the router's list. */
async function addresses(router: RouterProcess): Promise<string[]> {
  const { clients } = JSON.parse(await router.get('/api/clients')) as { clients: { address: string }[] };
  return clients.map(({ address }) => address);
}

for (const [name, kind] of [
  ['haproxy send-proxy', haproxy('send-proxy')],
  ['haproxy send-proxy-v2', haproxy('send-proxy-v2')],
  ['nginx stream', nginx],
] as const) {
  for (const tls of [null, { ca: ca.cert }]) {
    const skip =
      skipWithout(kind.name) || (kind === nginx && loadStreamModule() === null && 'nginx has no stream module');
    test(`${name}${tls === null ? '' : ', TLS passed through'}: the router uses the client's address`, {
      skip,
    }, async () => {
      await using router = await RouterProcess.start([...PROXY_ARGS, ...(tls === null ? [] : TLS_ARGS)]);
      const port = await freePort();
      await using _proxy = await ProxyProcess.start(kind, router.port, port);
      const options = tls === null ? {} : { tls };
      using alice = await DartClient.join(port, {}, options);
      using bob = await DartClient.join(port, {}, options);
      assert.equal(await alice.canReach(bob.id), true);
      const own = [alice, bob].map(({ connection }) => `127.0.0.1:${connection.socket.localPort}`);
      assert.deepEqual((await addresses(router)).sort(), [...own].sort());
      assert.ok(
        own.every((address) => router.log.includes(address)),
        router.log,
      );
      bob.connection.destroy();
      const { recentlyClosed } = await router.until('bob to be gone', ({ clients }) => clients.current === 1);
      assert.equal(recentlyClosed[0]?.address, own[1]);
    });
  }
}

/** Sends `header` and the preface of HTTP/2; resolves with the first bytes of the answer, empty when it is closed. */
async function answerTo(
  port: number,
  header: string | Buffer,
  rest = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
): Promise<Buffer> {
  const socket = await opened(port);
  socket.write(Buffer.concat([Buffer.from(header), Buffer.from(rest, 'latin1')]));
  const answer = new Promise<Buffer>((resolve) => {
    socket.once('data', resolve).once('close', () => resolve(Buffer.alloc(0)));
  });
  return within(answer, PATIENCE_MS, 'an answer or the end').finally(() => socket.destroy());
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

const V2_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const V1 = 'PROXY TCP4 203.0.113.7 127.0.0.1 4711 8080\r\n';

test('malformed, missing and late headers close the connection and are counted; a port check is not', async () => {
  await using router = await RouterProcess.start([...PROXY_ARGS, '--handshake-timeout', '500ms']);
  assert.ok((await answerTo(router.port, V1)).length > 0, 'a valid header');
  assert.equal((await answerTo(router.port, '')).length, 0, 'no header');
  assert.equal((await answerTo(router.port, 'PROXY TCP4 nobody\r\n')).length, 0, 'a malformed header');
  assert.equal((await answerTo(router.port, `PROXY UNKNOWN ${'f'.repeat(200)}\r\n`)).length, 0, 'a long header');
  const partial = await opened(router.port);
  partial.end('PROXY TCP4');
  await router.until('four to be counted', ({ connections }) => connections.refused.proxyProtocol === 4);
  (await opened(router.port)).end();
  const late = await opened(router.port);
  late.write('PROXY TCP4');
  await within(new Promise((resolve) => late.once('close', resolve)), PATIENCE_MS, 'the late one to be closed');
  await router.until('no connection to be left', ({ connections }) => connections.current === 0);
  const { refused } = (await router.status()).connections;
  assert.deepEqual([refused.proxyProtocol, refused.handshakeTimeout], [4, 1]);
});

for (const [name, args] of [
  ['plain', []],
  ['TLS', TLS_ARGS],
] as const) {
  test(`${name}: health checks of a proxy are not counted as errors`, async () => {
    await using router = await RouterProcess.start([...PROXY_ARGS, ...args]);
    for (const header of ['PROXY UNKNOWN\r\n', V2_LOCAL]) (await opened(router.port)).end(header);
    const reset = await opened(router.port);
    await new Promise((resolve) => reset.write(V2_LOCAL, resolve));
    await router.until('all to be accepted', ({ connections }) => connections.total === 3);
    reset.resetAndDestroy();
    const { connections } = await router.until('all to be closed', ({ connections }) => connections.current === 0);
    assert.deepEqual(connections.refused, {});
  });
}

const skipHttp1 = IS_GRPC_JS && 'the grpc-js transport serves HTTP/2 alone';

test('a header in pieces, with the first request behind it; HTTP/1 and WebSocket too', {
  skip: skipHttp1,
}, async () => {
  await using router = await RouterProcess.start(PROXY_ARGS);
  const socket = await opened(router.port);
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  for (const byte of V1) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await poll('the answer', () => answer.startsWith('HTTP/1.1 200'));
  socket.destroy();
  assert.match((await answerTo(router.port, V1, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).toString(), /^HTTP\/1\.1 426/);
});

test('--no-node-internals: the header is read without them, and checks are not errors', async () => {
  await using router = await RouterProcess.start([...PROXY_ARGS, ...TLS_ARGS, '--no-node-internals']);
  (await opened(router.port)).end(V2_LOCAL);
  await answerTo(router.port, V1);
  const { refused } = (await router.until('all to be closed', ({ connections }) => connections.current === 0))
    .connections;
  assert.deepEqual(refused, { tlsError: 1 });
  assert.match(router.log, /tlsError.*203\.0\.113\.7:4711/);
});

test('a reload changes --max-connections-per-address for new connections', async () => {
  const config = folder.write('router.yaml', 'max-connections-per-address: 1\n');
  await using router = await RouterProcess.start(['--config', config]);
  using alice = await DartClient.join(router.port);
  assert.equal((await answerTo(router.port, '')).length, 0, 'beyond the limit');
  folder.write('router.yaml', 'max-connections-per-address: 2\n');
  assert.equal((await router.reload()).outcome, 'applied');
  assert.ok((await answerTo(router.port, '')).length > 0);
  assert.equal(await alice.canReach(alice.id), true);
});

test('--trusted-proxies requires a restart: the reload is refused with its name', async () => {
  const yaml = (address: string): string => `proxy-protocol: true\ntrusted-proxies: ${address}\n`;
  const config = folder.write('trusted.yaml', yaml('127.0.0.1'));
  await using router = await RouterProcess.start(['--config', config]);
  folder.write('trusted.yaml', yaml('192.0.2.1'));
  const { outcome, errors } = await router.reload();
  assert.equal(outcome, 'refused');
  assert.match(errors.join(), /^trusted-proxies: cannot change without a restart/);
});

test('--transport grpc-js reads the header, too', async () => {
  await using router = await RouterProcess.start([...PROXY_ARGS, '--transport', 'grpc-js']);
  assert.ok((await answerTo(router.port, V1)).length > 0);
});

test('an address that is not trusted is served under its own address, and cannot claim another one', async () => {
  await using router = await RouterProcess.start([...PROXY_ARGS, '--trusted-proxies', '10.0.0.5,fd00::/8']);
  using alice = await DartClient.join(router.port);
  assert.deepEqual(await addresses(router), [`127.0.0.1:${alice.connection.socket.localPort}`]);
  await answerTo(router.port, V1);
  const { refused } = (await router.status()).connections;
  assert.deepEqual(refused, { protocolError: 1 });
});

test('--max-connections-per-address counts clients behind a proxy, IPv6 by /64', async () => {
  await using router = await RouterProcess.start([...PROXY_ARGS, '--max-connections-per-address', '2']);
  const sockets: Socket[] = [];
  const open = async (header: string): Promise<void> => {
    const socket = await opened(router.port);
    sockets.push(socket);
    socket.write(header);
  };
  const refusedCount = (count: number): Promise<unknown> =>
    router.until(`${count} to be refused`, ({ connections }) => connections.refused.addressLimit === count);
  for (let n = 0; n < 3; n++) await open(V1);
  await refusedCount(1);
  for (let n = 0; n < 3; n++) await open(`PROXY TCP6 2001:db8::${n} ::1 4711 8080\r\n`);
  await refusedCount(2);
  await open('PROXY TCP6 2001:db8:0:1::1 ::1 4711 8080\r\n');
  await router.until('five to be open', ({ connections }) => connections.current === 5);
  assert.match(router.log, /addressLimit.*203\.0\.113\.7:4711/);
  for (const socket of sockets) socket.destroy();
  await router.until('none to be open', ({ connections }) => connections.current === 0);
  assert.ok((await answerTo(router.port, V1)).length > 0, 'there is room again');
});

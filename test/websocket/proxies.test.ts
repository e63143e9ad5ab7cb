import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { WsClient } from '../support/ws-client.ts';

/** The configurations of docs/websocket.md, tested with real proxies. */

const DOCS = readFileSync(fileURLToPath(new URL('../../docs/websocket.md', import.meta.url)), 'utf8');
const NGINX = '/usr/sbin/nginx';
const HAPROXY = '/usr/sbin/haproxy';

/** The block of `language` in the documentation, with the ports of this test. */
function documented(language: string, ports: { readonly proxy: number; readonly router: number }): string {
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(DOCS)?.[1];
  assert.ok(block, `docs/websocket.md has a block of ${language}`);
  return block
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.router}`)
    .replaceAll(/(listen |bind :)80\b/g, `$1${ports.proxy}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((open) => {
    socket.destroy();
    return open as boolean;
  });
}

/** Two clients and a page of the public host work through the proxy; one of another host does not. */
async function assertServes(proxyPort: number): Promise<void> {
  const url = `ws://127.0.0.1:${proxyPort}/`;
  using alice = await WsClient.join(0, {}, { url });
  using bob = await WsClient.join(
    0,
    {},
    { url, generation: 'frame', socket: { origin: `http://127.0.0.1:${proxyPort}` } },
  );
  alice.send({ type: 'unicast', senderId: alice.id, targetId: bob.id, payload: { n: 1 } });
  assert.deepEqual((await bob.next()).payload, { n: 1 });
  await assert.rejects(WsClient.connect(0, { url, socket: { origin: 'https://evil.example' } }), /403/);
}

async function behind(
  start: (ports: { proxy: number; router: number }, folder: TempFolder) => ChildProcess,
): Promise<void> {
  await using router = await RouterProcess.start();
  using folder = new TempFolder();
  const proxy = await freePort();
  const child = start({ proxy, router: router.port }, folder);
  let output = '';
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  try {
    await poll('the proxy to listen', async () => {
      assert.equal(child.exitCode, null, output);
      return await accepts(proxy);
    });
    await assertServes(proxy);
  } finally {
    child.kill('SIGTERM');
    await poll('the proxy to exit', () => child.exitCode !== null || child.signalCode !== null);
  }
}

test('nginx', { skip: existsSync(NGINX) ? false : 'SKIPPED: no nginx' }, () =>
  behind((ports, folder) => {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder.file(name)};`,
    );
    const server = documented('nginx', ports);
    const config = folder.write(
      'nginx.conf',
      `daemon off; pid ${folder.file('nginx.pid')}; error_log stderr;\nevents {}\nhttp {\naccess_log off; ${paths.join(' ')}\n${server}\n}\n`,
    );
    return spawn(NGINX, ['-c', config, '-p', folder.file('.')], { stdio: ['ignore', 'ignore', 'pipe'] });
  }),
);

test('HAProxy', { skip: existsSync(HAPROXY) ? false : 'SKIPPED: no HAProxy' }, () =>
  behind((ports, folder) => {
    const config = folder.write('haproxy.cfg', documented('haproxy', ports));
    return spawn(HAPROXY, ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  }),
);

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { acknowledge, counted, joinSession, numberOf, resumeSession } from '../support/session-client.ts';
import { TempFolder } from '../support/temp.ts';

interface Ports {
  readonly proxy: number;
  readonly router: number;
}

interface ProxyKind {
  readonly name: string;
  /** The arguments, with the configuration written into `folder`. */
  args(folder: TempFolder, ports: Ports): string[];
}

const nginx: ProxyKind = {
  name: 'nginx',
  args: (folder, { proxy, router }) => {
    const config = folder.write(
      'nginx.conf',
      `pid ${folder.file('nginx.pid')};
error_log stderr warn;
daemon off;
master_process off;
events {}
http {
  access_log off;
  client_body_temp_path ${folder.file('body')};
  proxy_temp_path ${folder.file('proxy')};
  fastcgi_temp_path ${folder.file('fastcgi')};
  uwsgi_temp_path ${folder.file('uwsgi')};
  scgi_temp_path ${folder.file('scgi')};
  upstream router { server 127.0.0.1:${router}; keepalive 16; }
  server {
    listen 127.0.0.1:${proxy} http2;
    client_max_body_size 0;
    location / { grpc_pass grpc://router; grpc_read_timeout 1h; grpc_send_timeout 1h; }
  }
}
`,
    );
    return ['-c', config, '-p', folder.path, '-e', 'stderr'];
  },
};

const haproxy: ProxyKind = {
  name: 'haproxy',
  args: (folder, { proxy, router }) => {
    const config = folder.write(
      'haproxy.cfg',
      `defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${proxy} proto h2
  default_backend router
backend router
  http-reuse always
  server router 127.0.0.1:${router} proto h2
`,
    );
    return ['-db', '-f', config];
  },
};

/** A proxy in the foreground, ended with its process. */
class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly folder: TempFolder;

  private constructor(child: ChildProcess, folder: TempFolder, port: number) {
    this.child = child;
    this.folder = folder;
    this.port = port;
  }

  static async start(kind: ProxyKind, router: number, port: number): Promise<ProxyProcess> {
    const folder = new TempFolder();
    const child = spawn(kind.name, kind.args(folder, { proxy: port, router }), { stdio: ['ignore', 'pipe', 'pipe'] });
    const proxy = new ProxyProcess(child, folder, port);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    try {
      await poll(`${kind.name} to listen`, () => {
        assert.equal(child.exitCode, null, output);
        return accepts(port);
      });
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
    this.folder.remove();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((accepted) => {
    socket.destroy();
    return accepted === true;
  });
}

/** A recently free port: neither proxy can report a port that it chose itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

for (const kind of [nginx, haproxy]) {
  const missing = spawnSync(kind.name, ['-v']).status !== 0;
  const skip = missing && `${kind.name} is not installed`;

  test(`${kind.name}: sessions of two clients bind by token and outlive the proxy`, { skip }, async () => {
    await using router = await RouterProcess.start();
    using bob = await DartClient.join(router.port);
    const port = await freePort();
    const proxy = await ProxyProcess.start(kind, router.port, port);
    const first = await joinSession(port);
    const second = await joinSession(port);
    try {
      for (const { client } of [first, second]) {
        bob.unicast(client.id, { n: 1 });
        assert.deepEqual((await counted(client, 1)).map(numberOf), [1]);
        client.unicast(bob.id, { n: 2 });
        assert.deepEqual((await counted(bob, 1)).map(numberOf), [2]);
        assert.equal(await acknowledge(client, 1), 1);
      }
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
    await router.until('both away', ({ sessions }) => sessions.away === 2);
    for (const { client } of [first, second]) bob.unicast(client.id, { n: 3 });
    await using _again = await ProxyProcess.start(kind, router.port, port);
    for (const { client, grant } of [first, second]) {
      const { client: returned, grant: next } = await resumeSession(port, { token: grant.token, received: 1 });
      using _ = returned;
      assert.deepEqual([returned.id, next.resumed, next.received, next.lost], [client.id, true, 1, 0]);
      assert.deepEqual((await counted(returned, 1)).map(numberOf), [3]);
    }
  });
}

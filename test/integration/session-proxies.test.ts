import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { freePort, type ProxyKind, ProxyProcess, skipWithout } from '../support/proxy-process.ts';
import { RouterProcess } from '../support/router-process.ts';
import { acknowledge, counted, joinSession, numberOf, resumeSession } from '../support/session-client.ts';

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

for (const kind of [nginx, haproxy]) {
  const skip = skipWithout(kind.name);

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

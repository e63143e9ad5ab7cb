import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { RouterStatus } from '../../src/telemetry/status.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';
import { fetchHttp } from './http.ts';

const router = useRouter(['--metrics', '--metrics-port', '0']);
const metricsPort = (): number => router.process.metricsPort ?? 0;

/** Opens the status stream, over TCP or the control socket. */
async function openStream(where: object): Promise<{ call: ClientRequest; response: IncomingMessage }> {
  const call = request({ path: '/api/status/stream', agent: false, ...where });
  call.on('error', () => {}).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { call, response };
}

/** Yields the documents of a stream of server-sent events. */
async function* documents(response: IncomingMessage): AsyncGenerator<RouterStatus> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      if (event.startsWith('data: ')) yield JSON.parse(event.slice(6)) as RouterStatus;
      else assert.match(event, /^retry: \d+$/);
    }
  }
}

test('healthz and readyz', async () => {
  const health = await fetchHttp(metricsPort(), '/healthz');
  assert.deepEqual([health.status, health.body], [200, 'ok\n']);
  const ready = await fetchHttp(metricsPort(), '/readyz?probe=1');
  assert.deepEqual([ready.status, ready.body], [200, 'ready\n']);
});

test('every response: carries the security headers, errors as well', async () => {
  for (const path of ['/', '/metrics', '/healthz', '/api/status', '/page.js', '/nothing']) {
    const { headers } = await fetchHttp(metricsPort(), path);
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/, path);
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['x-frame-options'], 'DENY', path);
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.equal(headers['access-control-allow-origin'], undefined, path);
    assert.equal(headers['x-powered-by'], undefined, path);
  }
});

for (const path of [
  '/nothing',
  '/metrics/',
  '/../package.json',
  '/%2e%2e/package.json',
  '/__proto__',
  '/constructor',
  '//',
]) {
  test(`${path}: not found`, async () => {
    assert.equal((await fetchHttp(metricsPort(), path)).status, 404);
  });
}

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
  test(`${method}: not allowed on any path`, async () => {
    for (const path of ['/metrics', '/api/status', '/nothing']) {
      const { status, headers } = await fetchHttp(metricsPort(), path, { method });
      assert.equal(status, 405);
      assert.equal(headers.allow, 'GET, HEAD');
    }
  });
}

test('HEAD: the headers of GET without a body', async () => {
  for (const path of ['/metrics', '/healthz', '/api/status', '/', '/nothing']) {
    const head = await fetchHttp(metricsPort(), path, { method: 'HEAD' });
    const get = await fetchHttp(metricsPort(), path);
    assert.deepEqual([head.status, head.body], [get.status, ''], path);
    assert.equal(head.headers['content-type'], get.headers['content-type'], path);
  }
  const stream = await within(
    fetchHttp(metricsPort(), '/api/status/stream', { method: 'HEAD' }),
    PATIENCE_MS,
    'an answer',
  );
  assert.match(String(stream.headers['content-type']), /^text\/event-stream/);
});

test('Host header: must be a loopback address, against DNS rebinding', async () => {
  const port = metricsPort();
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', `127.0.0.1:${port}`, '[::1]:1', 'LOCALHOST']) {
    assert.equal((await fetchHttp(port, '/metrics', { headers: { host } })).status, 200, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost:80@evil']) {
    const { status, body } = await fetchHttp(port, '/api/status', { headers: { host } });
    assert.equal(status, 421, host);
    assert.doesNotMatch(body, /instanceId/);
  }
});

test('the status stream: sends the state at once, then every second', async () => {
  const { call, response } = await openStream({ host: '127.0.0.1', port: metricsPort() });
  assert.match(String(response.headers['content-type']), /^text\/event-stream/);
  assert.equal(response.headers['x-frame-options'], 'DENY');
  const seen: RouterStatus[] = [];
  for await (const status of documents(response)) {
    seen.push(status);
    if (seen.length === 1) await router.join();
    if (seen.length === 3) break;
  }
  call.destroy();
  assert.deepEqual([seen[0]?.clients.total, seen[2]?.clients.total], [0, 1]);
  const pause = (seen[2]?.uptimeMs ?? 0) - (seen[1]?.uptimeMs ?? 0);
  assert.ok(pause > 500 && pause < 4000, `${pause}`);
});

test('status viewers beyond 50: refused until another viewer disconnects', async () => {
  const where = { host: '127.0.0.1', port: metricsPort() };
  const viewers = await Promise.all(Array.from({ length: 50 }, () => openStream(where)));
  const excess = await openStream(where);
  assert.equal(excess.response.statusCode, 503);
  viewers[0]?.call.destroy();
  const late = await poll('a place', async () => {
    const viewer = await openStream(where);
    return viewer.response.statusCode === 200 ? viewer : null;
  });
  for (const { call } of [...viewers, excess, late]) call.destroy();
  assert.equal((await fetchHttp(metricsPort(), '/healthz')).status, 200);
});

test('the control socket: accessible only to its owner; any Host header is accepted', async () => {
  const { socketPath } = router.process;
  const stat = statSync(socketPath);
  assert.equal(stat.isSocket(), true);
  assert.equal(stat.mode & 0o777, 0o600);
  const { status, body } = await fetchHttp(0, '/api/status', { socketPath, headers: { host: 'anything' } });
  assert.equal(status, 200);
  assert.equal((JSON.parse(body) as RouterStatus).instanceId, router.process.instanceId);
});

test('garbage, huge headers and silent connections: do no harm', async () => {
  const send = async (bytes: string): Promise<void> => {
    const socket = connect(metricsPort(), '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write(bytes);
    await within(new Promise((resolve) => socket.once('close', resolve)), PATIENCE_MS, 'the connection to be closed');
  };
  await send('\u0000\u0001\u0002 nonsense\r\n\r\n');
  await send(`GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
  await send('GET /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n');
  const idle = Array.from({ length: 30 }, () => connect(metricsPort(), '127.0.0.1').on('error', () => {}));
  assert.equal((await fetchHttp(metricsPort(), '/healthz')).status, 200);
  for (const socket of idle) socket.destroy();
});

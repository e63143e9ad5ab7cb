import assert from 'node:assert/strict';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { ApiRouter } from './api-fixture.ts';

const READ = 'reader-token-4711-0815';
const WRITE = 'writer-token-4711-0815';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function tokensFile(folder: TempFolder, text = `# scopes\nviewer: read ${READ}\nbackend: write ${WRITE}\n`): string {
  return folder.write('api-tokens', text, 0o600);
}

test('tokens: required on every address, read and write scopes', async () => {
  const folder = new TempFolder();
  await using api = await ApiRouter.start(['--api-tokens-file', tokensFile(folder)], { folder });
  const codeOf = async (path: string, token: string | null, method = 'GET'): Promise<unknown[]> => {
    const body = method === 'POST' ? { to: { all: true }, payload: {} } : undefined;
    const headers = token === null ? {} : bearer(token);
    const { status, body: problem } = await api.call(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return [status, problem.code];
  };
  for (const path of ['/clients', '/status', '/openapi.json', '/nothing']) {
    assert.deepEqual(await codeOf(path, null), [401, 'unauthenticated'], path);
  }
  assert.deepEqual(await codeOf('/clients', 'a-guess'), [401, 'unauthenticated']);
  assert.deepEqual(await codeOf('/clients', READ), [200, undefined]);
  assert.deepEqual(await codeOf('/messages', READ, 'POST'), [403, 'forbidden']);
  assert.deepEqual(await codeOf('/messages', WRITE, 'POST'), [202, undefined]);
  assert.deepEqual(await codeOf('/clients/x', READ, 'DELETE'), [403, 'forbidden']);
  assert.deepEqual(await codeOf('/drain', READ, 'POST'), [403, 'forbidden']);
  await api.router.logged(/API login failed remote=127\.0\.0\.1 reason=unknownToken/);
  const basic = await api.call('/clients', { headers: { authorization: `Basic ${btoa(`x:${WRITE}`)}` } });
  assert.equal(basic.status, 401);
  assert.equal(basic.headers.get('www-authenticate'), 'Bearer');
});

test('tokens: guessing is slowed down, a reload replaces the tokens', async () => {
  const folder = new TempFolder();
  await using api = await ApiRouter.start(['--api-tokens-file', tokensFile(folder)], { folder });
  tokensFile(folder, `viewer: read ${READ}-new\n`);
  api.router.signal('SIGHUP');
  await api.router.logged(/api-tokens-file: 2 -> 1/);
  assert.equal((await api.call('/clients', { headers: bearer(READ) })).status, 401);
  assert.equal((await api.call('/clients', { headers: bearer(`${READ}-new`) })).status, 200);
  for (let i = 0; i < 9; i++) assert.equal((await api.call('/clients', { headers: bearer(`guess-${i}`) })).status, 401);
  const refused = await api.call('/clients', { headers: bearer(`${READ}-new`) });
  assert.deepEqual([refused.status, refused.body.code], [429, 'too-many-failures']);
  assert.match(refused.headers.get('retry-after') ?? '', /^([1-5]?\d|60)$/);
});

test('start: an API beyond loopback needs tokens, and TLS or --api-insecure; its tokens file is checked', async (t) => {
  const folder = new TempFolder();
  const bad = folder.write('bad', 'viewer: read\nadmin: all some-long-token-here\nx: read abc\n', 0o600);
  const tokens = tokensFile(folder);
  const cases: readonly (readonly [string, string[], RegExp])[] = [
    ['tokens', ['--api-host', '0.0.0.0'], /--api-host: 0\.0\.0\.0 requires --api-tokens-file/],
    [
      'TLS',
      ['--api-host', '0.0.0.0', '--api-tokens-file', tokens],
      /requires --tls-cert, --tls-key, or --api-insecure/,
    ],
    [
      'file',
      ['--api-tokens-file', bad],
      /bad:1: expected[\s\S]*bad:2: expected[\s\S]*bad:3: the token of x is shorter/,
    ],
    ['workers', ['--workers', '2'], /--api: requires --workers 1/],
    ['origin', ['--api-origins', 'example.com'], /--api-origins: must be origins such as/],
  ];
  for (const [name, args, message] of cases) {
    await t.test(name, async () => {
      const router = await RouterProcess.startFailing(['--api', '--api-port', '0', ...args]);
      assert.equal(router.exit?.code, 2, router.log);
      assert.match(router.log, message);
      assert.doesNotMatch(router.log, /\n\s+at /);
    });
  }
  await using open = await ApiRouter.start(['--api-host', '0.0.0.0', '--api-insecure', '--api-tokens-file', tokens]);
  assert.equal((await open.call('/clients', { headers: bearer(READ) })).status, 200);
  folder.remove();
});

test('TLS: beyond loopback the API uses the certificate of the router', async () => {
  const folder = new TempFolder();
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('server');
  const tls = ['--tls-cert', certFile, '--tls-key', keyFile];
  const args = ['--api-host', '0.0.0.0', '--api-tokens-file', tokensFile(folder), ...tls];
  await using api = await ApiRouter.start(args, { folder });
  const agent = new Agent({ ca: ca.cert });
  const status = await new Promise((resolve, reject) => {
    const options = { port: api.apiPort, host: '127.0.0.1', path: '/api/v1/clients', agent, headers: bearer(READ) };
    httpsRequest(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
  agent.destroy();
  assert.equal(status, 200);
});

test('browsers: foreign origins and host names are refused, listed origins get CORS headers', async () => {
  await using api = await ApiRouter.start(['--api-origins', 'https://app.example.com']);
  const call = (headers: Record<string, string>, method = 'GET') => api.call('/clients', { headers, method });
  const foreign = await call({ origin: 'https://evil.example.com' });
  assert.deepEqual([foreign.status, foreign.body.code], [403, 'origin-refused']);
  assert.equal(foreign.headers.get('access-control-allow-origin'), null);
  assert.equal((await api.call('/drain', { method: 'POST', headers: { origin: 'null' } })).status, 403);
  const listed = await call({ origin: 'https://app.example.com' });
  assert.equal(listed.status, 200);
  assert.equal(listed.headers.get('access-control-allow-origin'), 'https://app.example.com');
  const preflight = await call(
    { origin: 'https://app.example.com', 'access-control-request-method': 'DELETE' },
    'OPTIONS',
  );
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /DELETE/);
  const rebound = await raw(api.apiPort, 'GET /api/v1/clients HTTP/1.1\r\nHost: evil.example.com\r\n\r\n');
  assert.match(rebound, /^HTTP\/1\.1 421 [\s\S]*"code":"misdirected"/);
});

test('hostile requests: each gets a problem document, never HTML, and the router keeps serving', async (t) => {
  await using api = await ApiRouter.start(['--max-message-bytes', '64KiB']);
  const client = await api.join();
  const post = (path: string, body: string, headers = {}) => api.call(path, { method: 'POST', body, headers });
  const payload = (text: string): string => `{"to":{"client":"${client.id}"},"payload":${text}}`;
  const cases: readonly (readonly [
    string,
    () => Promise<{ status: number; body: Record<string, unknown> }>,
    number,
  ])[] = [
    ['deep JSON', () => post('/messages', payload(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)), 400],
    ['deep array', () => post('/messages', '['.repeat(10_000)), 400],
    ['no JSON', () => post('/messages', '{'), 400],
    ['empty', () => post('/messages', ''), 400],
    ['duplicate key', () => post('/messages', '{"to":{"all":true},"to":{"client":"x"},"payload":{}}'), 400],
    ['two targets', () => post('/messages', '{"to":{"all":true,"client":"x"},"payload":{}}'), 400],
    ['no target', () => post('/messages', '{"to":{},"payload":{}}'), 400],
    ['payload is a list', () => post('/messages', payload('[]')), 400],
    ['unknown member', () => post('/messages', '{"to":{"all":true},"payload":{},"x":1}'), 400],
    ['too large a number', () => post('/messages', payload('{"n":9223372036854775808}')), 400],
    ['prototype', () => post('/messages', payload('{"__proto__":{"x":1}}')), 202],
    ['too large a message', () => post('/messages', payload(`{"s":"${'x'.repeat(70_000)}"}`)), 413],
    ['too large a body', () => post('/messages', payload(`{"s":"${'x'.repeat(300_000)}"}`)), 413],
    ['text body', () => post('/messages', payload('{}'), { 'content-type': 'text/plain' }), 415],
    ['CBOR that is none', () => post('/messages', 'zzz', { 'content-type': 'application/cbor' }), 400],
    ['wrong method', () => api.call('/clients', { method: 'PUT' }), 405],
    ['unknown method of a client', () => api.call('/clients/x', { method: 'PATCH' }), 405],
    ['nothing there', () => api.call('/../../etc/passwd'), 404],
    ['bad escape', () => api.call('/clients/%ff'), 400],
    ['long id', () => api.call(`/clients/${'x'.repeat(2000)}`), 414],
    ['timeout out of range', () => post('/requests', '{"to":"x","payload":{},"timeoutMs":0}'), 400],
  ];
  for (const [name, run, expected] of cases) {
    await t.test(name, async () => {
      const { status, body } = await run();
      assert.equal(status, expected, JSON.stringify(body));
      if (expected < 400) return;
      assert.equal(body.status, expected);
      assert.equal(typeof body.detail, 'string');
      assert.equal(typeof body.code, 'string');
    });
  }
  assert.equal((await api.call('/clients')).status, 200);
  assert.match((await api.call('/clients', { method: 'PUT' })).headers.get('allow') ?? '', /GET, HEAD/);
});

/** Sends bytes and resolves with everything that comes back until the router closes, or a response is complete. */
function raw(port: number, text: string, isOver = (answer: string): boolean => /\r\n\r\n[\s\S]*\}\n$/.test(answer)) {
  return within(
    new Promise<string>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text));
      let answer = '';
      const done = (): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.on('data', (chunk) => {
        answer += chunk;
        if (isOver(answer)) done();
      });
      socket.on('close', done).on('error', done);
    }),
    PATIENCE_MS,
    'an answer',
  );
}

test('hostile HTTP: smuggled, oversized and unfinished requests', async (t) => {
  await using api = await ApiRouter.start();
  const head = 'POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['both lengths', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, /^HTTP\/1\.1 400 /],
    ['chunked twice', `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['blank before the colon', `${head}Content-Length : 2\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
    ['huge header', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no host', 'GET /api/v1/clients HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['slow header', 'GET /api/v1/clients HTTP/1.1\r\nHo', /^HTTP\/1\.1 408 /],
    ['slow body', `${head}Content-Length: 100\r\n\r\n{`, /^HTTP\/1\.1 408 |^$/],
  ];
  await Promise.all(
    cases.map(([name, text, expected]) =>
      t.test(name, async () => {
        const answer = await raw(api.apiPort, text);
        assert.match(answer, expected);
        assert.doesNotMatch(answer, /<html/i);
      }),
    ),
  );
  assert.equal((await api.call('/clients')).status, 200);
});

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { type TestContext, test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { WsClient } from '../support/ws-client.ts';
import { runDart, SKIP_WITHOUT_DART } from './dart-program.ts';

const options = { skip: SKIP_WITHOUT_DART };

/** Runs a test program of the Dart client against a router of this repository. */
async function passes(context: TestContext, program: string): Promise<void> {
  await using router = await RouterProcess.start();
  const status = await upgradeStatus(router.port);
  if (status !== 101) return context.skip(skipReason(status));
  if (!(await servesSessions(router.port))) return context.skip('SKIPPED: this router has no sessions');
  const { code, output } = await runDart(program, { ROUTER_URL: `ws://127.0.0.1:${router.port}` });
  assert.equal(code, 0, `${output}\n${router.log}`);
  assert.match(output, /^[1-9]\d* tests, 0 failed$/m, output);
}

async function servesSessions(port: number): Promise<boolean> {
  using client = await WsClient.connect(port);
  return 'session' in (await client.call('register', { session: {} }));
}

const skipReason = (status: number | undefined) => `SKIPPED: the router answers a WebSocket handshake with ${status}`;

/** The HTTP status of a WebSocket handshake, over TLS with `ca`. */
async function upgradeStatus(port: number, ca?: Buffer): Promise<number | undefined> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  return await new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port, headers };
    const handshake = ca === undefined ? request(target) : requestOverTls({ ...target, ca });
    handshake.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    handshake.once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    handshake.once('error', reject);
    handshake.end();
  });
}

test('Dart and this router: the calls of the client', options, (context) => passes(context, 'test/client_test.dart'));

test('Dart and this router: 10,000 messages both ways over 100 losses', options, (context) =>
  passes(context, 'test/loss_test.dart'),
);

test('Dart and this router: wss://', options, async (context) => {
  using folder = new TempFolder();
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('router');
  await using router = await RouterProcess.start(['--tls-cert', certFile, '--tls-key', keyFile]);
  const status = await upgradeStatus(router.port, ca.cert);
  if (status !== 101) return context.skip(skipReason(status));
  const { code, output } = await runDart('test/tls_test.dart', {
    ROUTER_URL: `wss://127.0.0.1:${router.port}`,
    TLS_CA: ca.certFile,
  });
  assert.equal(code, 0, output);
});

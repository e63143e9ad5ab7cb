import assert from 'node:assert/strict';
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { runDart, SKIP_WITHOUT_DART } from './dart-program.ts';

const options = { skip: SKIP_WITHOUT_DART };

/** Runs a test program of the Dart client against a router of this repository. */
async function passes(program: string): Promise<void> {
  // a client that is away on a slow machine misses more than the default of 1 MiB
  await using router = await RouterProcess.start(['--session-buffer-bytes', '64MiB']);
  assert.equal(await upgradeStatus(router.port), 101);
  const { code, output } = await runDart(program, { ROUTER_URL: `ws://127.0.0.1:${router.port}` });
  assert.equal(code, 0, `${output}\n${router.log}`);
  assert.match(output, /^[1-9]\d* tests, 0 failed$/m, output);
}

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

test('Dart and this router: the calls of the client', options, () => passes('test/client_test.dart'));

test('Dart and this router: 10,000 messages both ways over 100 losses', options, () => passes('test/loss_test.dart'));

test('Dart and this router: wss://', options, async () => {
  using folder = new TempFolder();
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('router');
  await using router = await RouterProcess.start(['--tls-cert', certFile, '--tls-key', keyFile]);
  assert.equal(await upgradeStatus(router.port, ca.cert), 101);
  const { code, output } = await runDart('test/tls_test.dart', {
    ROUTER_URL: `wss://127.0.0.1:${router.port}`,
    TLS_CA: ca.certFile,
  });
  assert.equal(code, 0, output);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { TempFolder } from '../support/temp.ts';
import { runDart, SKIP_WITHOUT_DART } from './dart-program.ts';

const options = { skip: SKIP_WITHOUT_DART };

/** Runs a test program of the Dart client; its output names the tests that failed. */
async function passes(program: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, output } = await runDart(program, env);
  assert.equal(code, 0, output);
  assert.match(output, /^[1-9]\d* tests, 0 failed$/m, output);
}

test('Dart: CBOR, envelopes and sessions as in the shared cases', options, () => passes('test/conformance_test.dart'));

test('Dart: the calls of the client', options, () => passes('test/client_test.dart', { ROUTER_URL: '' }));

test('Dart: sessions', options, () => passes('test/session_test.dart'));

test('Dart: reconnects, refusals, wrong use', options, () => passes('test/reconnect_test.dart'));

test('Dart: 10,000 messages both ways over 100 losses', options, () =>
  passes('test/loss_test.dart', { ROUTER_URL: '' }),
);

test('Dart: wss://', options, async () => {
  using folder = new TempFolder();
  const ca = new TestCa(folder);
  const { certFile, keyFile } = ca.issue('router');
  await passes('test/tls_test.dart', {
    ROUTER_URL: '',
    TLS_CA: ca.certFile,
    TLS_CERT: certFile,
    TLS_KEY: keyFile,
  });
});

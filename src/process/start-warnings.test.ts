import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CONFIG, isLoopback, type RouterConfig } from '../config/index.ts';
import { startWarnings, workerMemoryLimit } from './start-warnings.ts';

const warningsOf = (change: Partial<RouterConfig>, limit: number | null = null): string[] =>
  startWarnings({ ...DEFAULT_CONFIG, ...change }, limit, {}).map(({ en }) => en);

test('isLoopback: 127/8, ::1 and localhost, not similar names', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) assert.equal(isLoopback(host), true, host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost.example.org', '1127.0.0.1', '::11']) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('isLoopback: false for a name that begins like loopback', () => {
  assert.equal(isLoopback('127.0.0.1.example.org'), false);
});

test('start warnings: none on loopback', () => {
  assert.deepEqual(warningsOf({ host: '127.0.0.1' }), []);
});

test('start warnings: beyond loopback for missing TLS and missing tokens; client certificates replace tokens', () => {
  assert.equal(warningsOf({ host: '0.0.0.0' }).length, 2);
  const tls = { tlsCert: 'c', tlsKey: 'k' };
  assert.match(warningsOf(tls).join(), /^Listening on 0\.0\.0\.0 without tokens/);
  assert.match(warningsOf({ authTokensFile: 't' }).join(), /^Listening on 0\.0\.0\.0 without TLS/);
  assert.deepEqual(warningsOf({ ...tls, authTokensFile: 't' }), []);
  assert.deepEqual(warningsOf({ ...tls, accessFile: 'a' }), []);
  assert.deepEqual(warningsOf({ ...tls, tlsClientCa: 'a' }), []);
});

test('start warnings: exposed metrics', () => {
  const safe = { host: '127.0.0.1', metrics: true };
  assert.deepEqual(warningsOf(safe), []);
  assert.match(warningsOf({ ...safe, metricsHost: '0.0.0.0' }).join(), /Metrics are served on 0\.0\.0\.0/);
  assert.deepEqual(warningsOf({ ...safe, metrics: false, metricsHost: '0.0.0.0' }), []);
});

test('start warnings: more connections than descriptors', () => {
  const host = '127.0.0.1';
  assert.deepEqual(warningsOf({ host, maxConnections: 900 }, 1024), []);
  assert.match(warningsOf({ host, maxConnections: 1000 }, 1024).join(), /max-connections 1000 .* 1024 open files/);
  assert.deepEqual(warningsOf({ host, maxConnections: 1_000_000 }, null), [], 'no limit is known');
});

test('start warnings: a memory limit that is too small for the number of workers', () => {
  const MIB = 1024 ** 2;
  const config = { host: '127.0.0.1', workers: 4, maxMemory: 500 * MIB };
  assert.deepEqual(warningsOf({ ...config, supervised: true }), [
    'max-memory is less than 128MiB for each of 4 workers, which is applied instead; set it to 512MiB or more',
  ]);
  assert.deepEqual(warningsOf({ ...config, supervised: true, maxMemory: 512 * MIB }), []);
  assert.deepEqual(warningsOf(config), [], 'the limit applies under a supervisor only');
  assert.equal(workerMemoryLimit({ maxMemory: 900 * MIB }, 2), 450 * MIB);
  assert.equal(workerMemoryLimit({ maxMemory: 900 * MIB }, 64), 128 * MIB);
});

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { DEFAULT_CONFIG } from '../config/index.ts';
import { checkHosts } from './check-hosts.ts';
import { describeStartError } from './describe-start-error.ts';

const config = { host: '0.0.0.0', port: 8080 };
const failure = (fields: object) => Object.assign(new Error('raw'), fields);

const EXPLAINED: readonly (readonly [object, RegExp])[] = [
  [{ code: 'EADDRINUSE', address: '::1', port: 80 }, /^Cannot listen on \[::1\]:80: the port is in use/],
  [{ code: 'EAI_AGAIN', hostname: 'no-such-name' }, /^Cannot listen on no-such-name:8080: .*cannot be resolved/],
  [{ code: 'ENOTFOUND', hostname: 'no-such-name' }, /^Cannot listen on no-such-name:8080: unknown host name/],
  [{ code: 'EAFNOSUPPORT', address: '::1', port: 1 }, /^Cannot listen on \[::1\]:1: this machine has no IPv6/],
];

for (const [fields, expected] of EXPLAINED) {
  test(`describeStartError: ${JSON.stringify(fields)}`, () => {
    const { en, ru } = describeStartError(failure(fields), config);
    assert.match(en, expected);
    assert.match(ru, /[а-я]/);
  });
}

test('describeStartError: the name of a network interface gives its addresses', () => {
  const [name, addresses] = Object.entries(networkInterfaces())[0] ?? [];
  if (name === undefined) return;
  const { en } = describeStartError(failure({ code: 'EAI_AGAIN', hostname: name }), config);
  assert.ok(en.includes(`network interface; give one of its addresses: ${addresses?.[0]?.address}`), en);
});

test('checkHosts: binds hosts like the start', async () => {
  const check = async (change: object) => (await checkHosts({ ...DEFAULT_CONFIG, ...change })).map(({ en }) => en);
  assert.deepEqual(await check({ host: '127.0.0.1', metricsHost: '192.0.2.1' }), []);
  assert.deepEqual(await check({ host: '192.0.2.1', metrics: true, metricsHost: '192.0.2.1' }), [
    'Cannot listen on 192.0.2.1:8080: this machine has no such address',
  ]);
  assert.deepEqual(await check({ host: '127.0.0.1', metrics: true, metricsHost: '192.0.2.1' }), [
    'Cannot listen on 192.0.2.1:9090: this machine has no such address',
  ]);
  assert.deepEqual(await check({ host: '127.0.0.1', api: true, apiHost: '192.0.2.1' }), [
    'Cannot listen on 192.0.2.1:9091: this machine has no such address',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTrustedProxies, trustedProxies } from './trusted-proxies.ts';

test('by default loopback is trusted', () => {
  const list = trustedProxies(null);
  assert.deepEqual([list.check('127.0.0.9'), list.check('::1', 'ipv6'), list.check('10.0.0.1')], [true, true, false]);
});

test('addresses and networks of both families', () => {
  const text = '10.0.0.5, 192.168.0.0/16,fd00::/8';
  assert.deepEqual(checkTrustedProxies(text, '--trusted-proxies:'), []);
  const list = trustedProxies(text);
  assert.deepEqual(
    ['10.0.0.5', '10.0.0.6', '192.168.3.4', '127.0.0.1'].map((address) => list.check(address)),
    [true, false, true, false],
  );
  assert.deepEqual([list.check('fd12::1', 'ipv6'), list.check('fe80::1', 'ipv6')], [true, false]);
});

for (const text of [
  '',
  ',',
  'proxy.example',
  '10.0.0.0/33',
  '10.0.0/8',
  'fd00::/129',
  '10.0.0.0/',
  '10.0.0.0/8/9',
  '10.0.0.0/-1',
]) {
  test(`"${text}" is refused`, () => {
    const [problem] = checkTrustedProxies(text, '--trusted-proxies:');
    assert.match(problem?.en ?? '', /^--trusted-proxies: must be IP addresses or networks such as .*, got /);
  });
}

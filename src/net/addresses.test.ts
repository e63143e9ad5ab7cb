import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressCount } from './address-count.ts';
import { canonicalAddress, hostNetwork } from './addresses.ts';

const ADDRESSES: readonly (readonly [address: string, canonical: string, network: string])[] = [
  ['10.0.0.7', '10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '10.0.0.7', '10.0.0.7'],
  ['::FFFF:a00:7', '10.0.0.7', '10.0.0.7'],
  ['2001:DB8:0:0:0:0:0:7', '2001:db8::7', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['::1', '::1', '0:0:0:0::/64'],
  ['', '', ''],
];

for (const [address, canonical, network] of ADDRESSES) {
  test(`address ${address || '(unknown)'}`, () => {
    assert.equal(canonicalAddress(address), canonical);
    assert.equal(hostNetwork(canonicalAddress(address)), network);
  });
}

test('connections of one /64 network count together', () => {
  const count = new AddressCount();
  for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', '10.0.0.1']) count.add(address);
  assert.deepEqual([count.of('2001:db8::9'), count.of('2001:db8:0:1::9'), count.of('10.0.0.2')], [2, 1, 0]);
  count.remove('2001:db8::1');
  assert.equal(count.of('2001:db8::2'), 1);
  count.remove('2001:db8::2');
  assert.equal(count.of('2001:db8::2'), 0);
});

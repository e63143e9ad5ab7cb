import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remoteOf } from './connection.ts';

const ADDRESSES: readonly (readonly [string | undefined, string])[] = [
  ['10.0.0.7', '10.0.0.7:5'],
  ['::ffff:10.0.0.7', '10.0.0.7:5'],
  ['::FFFF:10.0.0.7', '10.0.0.7:5'],
  ['::1', '[::1]:5'],
  ['2001:db8::ffff:7', '[2001:db8::ffff:7]:5'],
  [undefined, 'unknown:5'],
];

for (const [remoteAddress, shown] of ADDRESSES) {
  test(`remote end ${remoteAddress}: ${shown}`, () => assert.equal(remoteOf({ remoteAddress, remotePort: 5 }), shown));
}

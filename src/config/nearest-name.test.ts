import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from './nearest-name.ts';

const KNOWN = ['host', 'port', 'max-connections', 'metrics', 'metrics-port', 'metrics-host'];

const CASES: readonly (readonly [string, string | null])[] = [
  ['prot', 'port'],
  ['max-conections', 'max-connections'],
  ['maxconnections', 'max-connections'],
  ['metric', 'metrics'],
  ['metrics-prt', 'metrics-port'],
  ['port', 'port'],
  ['colour', null],
  ['', null],
];

for (const [name, expected] of CASES) {
  test(`nearestName: "${name}" gives ${expected}`, () => assert.equal(nearestName(name, KNOWN), expected));
}

test('nearestName: no candidates give null', () => assert.equal(nearestName('port', []), null));

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Encodable, encodeCbor } from '../support/cbor.ts';

const PROTOCOL = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

const EXAMPLES: readonly (readonly [name: string, message: { [key: string]: Encodable }])[] = [
  ['`register` `{session: {}}`', { session: {} }],
  ['heartbeat that acknowledges 3 messages', { type: 'heartbeat', payload: { received: 3 } }],
  ['`updateGroups` that joins `a`', { type: 'updateGroups', payload: { join: ['a'] } }],
];

for (const [name, message] of EXAMPLES) {
  test(`docs/protocol.md: the bytes of ${name}`, () => {
    const row = PROTOCOL.split('\n').find((line) => line.startsWith(`| ${name} |`));
    assert.equal(row, `| ${name} | \`${encodeCbor(message).toString('hex')}\` |`);
  });
}

test('docs/protocol.md: every byte example has a check', () => {
  const shown = PROTOCOL.match(/\| `(?:[0-9a-f]{2}){8,}` \|/g) ?? [];
  assert.equal(shown.length, EXAMPLES.length);
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SessionTokens } from './session-tokens.ts';

const CLAIM = { clientId: 'client_0c84f4c7-66c4-46bf-a39f-352b6c337a0b', generation: 7 };
const NOW = 1_764_000_000_000;

test('session token: verify returns claim and expiry', () => {
  const tokens = new SessionTokens(null);
  const token = tokens.issue(CLAIM, NOW + 60_000);
  assert.deepEqual(tokens.verify(token), { ...CLAIM, expiresAtMs: NOW + 60_000 });
  assert.match(token, /^[\w-]+$/);
});

test('session token: a stored key verifies tokens of an earlier process, another key does not', () => {
  const key = randomBytes(32);
  const token = new SessionTokens(key).issue(CLAIM, NOW + 1000);
  assert.deepEqual(new SessionTokens(key).verify(token), { ...CLAIM, expiresAtMs: NOW + 1000 });
  assert.equal(new SessionTokens(null).verify(token), null);
});

test('session token: any changed bit is refused', () => {
  const tokens = new SessionTokens(null);
  const bytes = Buffer.from(tokens.issue(CLAIM, NOW + 1000), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(tokens.verify(changed.toString('base64url')), null, `bit ${bit}`);
  }
});

test('session token: other texts are refused', () => {
  const tokens = new SessionTokens(null);
  for (const text of ['', 'x', '!!!!', 'A'.repeat(60), 'A'.repeat(100_000)]) assert.equal(tokens.verify(text), null);
});

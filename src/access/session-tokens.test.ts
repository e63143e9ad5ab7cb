import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SessionTokens } from './session-tokens.ts';

const CLAIM = { clientId: 'client_0c84f4c7-66c4-46bf-a39f-352b6c337a0b', generation: 7 };
const OWNER = 'access-file\nmobile';
const NOW = 1_764_000_000_000;

test('session token: verify returns claim and expiry', () => {
  const tokens = new SessionTokens(null);
  const token = tokens.issue(CLAIM, OWNER, NOW + 60_000);
  const { isOwnedBy, ...claim } = tokens.verify(token) ?? assert.fail();
  assert.deepEqual(claim, { ...CLAIM, expiresAtMs: NOW + 60_000 });
  assert.deepEqual([isOwnedBy(OWNER), isOwnedBy(''), isOwnedBy('other')], [true, false, false]);
  assert.match(token, /^[\w-]+$/);
});

test('session token: a stored key verifies tokens of an earlier process, another key does not', () => {
  const key = randomBytes(32);
  const token = new SessionTokens(key).issue(CLAIM, OWNER, NOW + 1000);
  assert.equal(new SessionTokens(key).verify(token)?.clientId, CLAIM.clientId);
  assert.equal(new SessionTokens(null).verify(token), null);
});

test('session token: any changed bit is refused', () => {
  const tokens = new SessionTokens(null);
  const bytes = Buffer.from(tokens.issue(CLAIM, OWNER, NOW + 1000), 'base64url');
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

test('session token: one of a release without owners is valid, for those to whom everything is allowed', () => {
  const key = Buffer.from('k'.repeat(32));
  const head = Buffer.alloc(9);
  head[0] = 1;
  head.writeUInt32BE(NOW / 1000, 1);
  head.writeUInt32BE(7, 5);
  const signed = Buffer.concat([head, Buffer.from(CLAIM.clientId)]);
  const mac = createHmac('sha256', key).update(signed).digest();
  const claim = new SessionTokens(key).verify(Buffer.concat([signed, mac]).toString('base64url'));
  assert.deepEqual([claim?.clientId, claim?.generation, claim?.expiresAtMs], [CLAIM.clientId, 7, NOW]);
  assert.deepEqual([claim?.isOwnedBy(''), claim?.isOwnedBy(OWNER)], [true, false]);
});

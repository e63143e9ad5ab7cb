import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { parseJwtKeys } from './jwt-keys.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = publicKey.export({ format: 'jwk' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwks = (...keys: readonly object[]): string => JSON.stringify({ keys });

test('keys of JWTs: a JWKS and PEM have the same thumbprint for the same key', () => {
  const [first, second] = parseJwtKeys(jwks({ ...jwk, kid: 'a' }, jwk));
  const [other] = parseJwtKeys(`some text\n${pem}\n`);
  assert.deepEqual([first?.kid, second?.kid, other?.kid], ['a', null, null]);
  assert.equal(first?.thumbprint, other?.thumbprint);
  assert.equal(parseJwtKeys(pem + pem).length, 2);
});

test('keys of JWTs: private, symmetric and broken ones are refused with their place', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /holds no public key/],
    ['hello', /holds no public key/],
    ['{', /JSON/],
    ['{}', /"keys" is missing/],
    [jwks(), /holds no public key/],
    [jwks({ kty: 'oct', k: 'c2VjcmV0', kid: 's' }), /key s is symmetric/],
    [jwks({ ...privateKey.export({ format: 'jwk' }), kid: 'p' }), /key p is private/],
    [jwks({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }), /key 1 cannot be read/],
    [privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /key 1 is private/],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /key 1 cannot be read/],
  ];
  for (const [text, message] of cases) assert.throws(() => parseJwtKeys(text), message, text);
});

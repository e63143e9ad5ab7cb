import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { decodeCborMap, encodeCbor } from '../../test/support/cbor.ts';
import { Connection } from '../net/connection.ts';
import { ANONYMOUS, type Identity } from '../router/index.ts';
import { parseAccessFile } from './access-file.ts';
import { Authenticator } from './authenticator.ts';
import { type AccessRules, accessRules } from './rules.ts';
import { digestOf } from './tokens.ts';

const tokensOf = (tokens: Readonly<Record<string, string>>): AccessRules | null =>
  accessRules(new Map(Object.entries(tokens).map(([name, token]) => [name, digestOf(token)])), null);
const newConnection = (): Connection => new Connection(new Socket());
const nameOf = (result: Identity | string): string => (typeof result === 'string' ? result : `name ${result.name}`);

test('Authenticator: without tokens every call is admitted and metadata is unchanged', () => {
  const auth = new Authenticator(null);
  assert.equal(auth.enabled, false);
  assert.equal(auth.authenticate(newConnection(), null), ANONYMOUS);
  const metadata = encodeCbor({ token: 'x' });
  assert.equal(auth.cleanMetadata(metadata), metadata);
});

test('Authenticator: an identity is stored for its connection only', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const connection = newConnection();
  assert.equal(auth.authenticate(connection, null), 'noToken');
  assert.equal(auth.authenticate(connection, 'Basic b'), 'malformed');
  assert.equal(auth.authenticate(connection, 'Bearer wrong'), 'unknownToken');
  const bob = auth.authenticate(connection, 'Bearer b');
  assert.equal(nameOf(bob), 'name bob');
  assert.equal(connection.identity, bob);
  assert.equal(auth.authenticate(connection, null), bob);
  assert.equal(auth.authenticate(connection, 'Bearer wrong'), bob, 'it is trusted already');
  assert.equal(auth.authenticate(newConnection(), null), 'noToken');
});

test('Authenticator: a second token on a connection is an identity of its own, one object per principal', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const connection = newConnection();
  const alice = auth.authenticate(connection, 'Bearer a');
  const bob = auth.authenticate(connection, 'Bearer b');
  assert.equal(nameOf(bob), 'name bob');
  assert.equal(auth.authenticate(connection, 'Bearer b'), bob);
  assert.equal(auth.authenticate(connection, null), alice, 'calls without a token are those of the first');
  assert.notEqual(auth.authenticate(newConnection(), 'Bearer b'), bob);
});

test('Authenticator: an expired token is refused, and its connection follows another valid one', () => {
  let now = Date.parse('2026-12-31T23:59:59Z');
  const file = parseAccessFile(
    'access.yaml',
    `roles: { r: { allow: [] } }
tokens:
  - { name: short, token: shortshortshortshort, role: r, expires: 2027-01-01 }
  - { name: long, token: longlonglonglonglong, role: r }`,
    now,
  );
  const auth = new Authenticator(accessRules(null, file), 'connection', () => now);
  const connection = newConnection();
  const short = auth.authenticate(connection, 'Bearer shortshortshortshort');
  assert.equal(nameOf(short), 'name short');
  assert.equal(auth.earliestExpiryMs, now + 1000);
  now += 1000;
  assert.equal(auth.isExpired(connection.identity), true);
  assert.equal(auth.authenticate(connection, null), 'noToken');
  assert.equal(auth.authenticate(connection, 'Bearer shortshortshortshort'), 'expired');
  assert.equal(nameOf(auth.authenticate(connection, 'Bearer longlonglonglonglong')), 'name long');
  assert.equal(nameOf(auth.authenticate(connection, null)), 'name long');
});

test('Authenticator: the principals of a connection that a proxy shares are limited', () => {
  const names = Array.from({ length: 10_002 }, (_, i) => `n${i}`);
  const auth = new Authenticator(tokensOf(Object.fromEntries(names.map((name) => [name, name]))), 'call');
  const connection = newConnection();
  for (const name of names) auth.authenticate(connection, `Bearer ${name}`);
  assert.equal(connection.identities?.size, 10_000);
});

for (const [name, scope, proxyHeader] of [
  ['scope call', 'call', null],
  ['a connection shared by a proxy', 'connection', 'via'],
] as const) {
  test(`Authenticator: ${name}: every call needs its own token`, () => {
    const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }), scope);
    const connection = newConnection();
    connection.proxyHeader = proxyHeader;
    assert.equal(auth.trusts(connection), false);
    assert.equal(nameOf(auth.authenticate(connection, 'Bearer a')), 'name alice');
    assert.equal(nameOf(auth.authenticateByMetadata(connection, encodeCbor({ token: 'b' }))), 'name bob');
    assert.equal(auth.authenticate(connection, null), 'noToken');
    assert.equal(auth.authenticate(connection, 'Bearer wrong'), 'unknownToken');
  });
}

test('Authenticator: the first proxy header revokes the stored identity', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  const connection = newConnection();
  assert.equal(nameOf(auth.authenticate(connection, 'Bearer a')), 'name alice');
  connection.proxyHeader = 'forwarded';
  assert.equal(auth.authenticate(connection, null), 'noToken');
});

test('Authenticator: accepts a token in metadata, but no other type', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  const byMetadata = (metadata: Parameters<typeof encodeCbor>[0]): string =>
    nameOf(auth.authenticateByMetadata(newConnection(), encodeCbor(metadata)));
  for (const token of ['', 'b', 1, null, Buffer.from('a'), ['a'], { token: 'a' }]) {
    assert.equal(
      byMetadata({ token }),
      token === 'b' ? 'unknownToken' : token === null ? 'noToken' : 'malformed',
      String(token),
    );
  }
  assert.equal(byMetadata({ nested: { token: 'a' } }), 'noToken');
  assert.equal(byMetadata({ other: 1, token: 'a' }), 'name alice');
});

test('Authenticator: removes the token from metadata and keeps the other bytes', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(encodeCbor({ a: 1, token: 'a', z: [1n] }))), { a: 1, z: [1] });
  const indefinite = Buffer.from('bf65746f6b656e6161617801ff', 'hex');
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(indefinite)), { x: 1 });
});

test('Authenticator: an identity is valid while its name and token are configured', () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
    [{ alice: 'a' }, true],
    [{ alice: 'changed' }, false],
    [{ other: 'a' }, false],
  ];
  for (const [tokens, valid] of cases) {
    const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
    const alice = auth.authenticate(newConnection(), 'Bearer a');
    assert.ok(typeof alice !== 'string');
    auth.replace(tokensOf(tokens));
    auth.recheck(alice);
    assert.equal(auth.isValid(alice), valid, JSON.stringify(tokens));
    assert.equal(auth.isExpired(alice), false);
  }
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  assert.equal(auth.isValid(ANONYMOUS), false, 'admitted while no tokens were in use');
  assert.equal(auth.isValid(null), false);
});

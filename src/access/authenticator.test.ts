import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { decodeCborMap, encodeCbor } from '../../test/support/cbor.ts';
import { Connection } from '../net/connection.ts';
import { Authenticator, digestOf } from './authenticator.ts';

const tokensOf = (tokens: Readonly<Record<string, string>>): Map<string, Buffer> => {
  return new Map(Object.entries(tokens).map(([name, token]) => [name, digestOf(token)]));
};
const newConnection = (): Connection => new Connection(new Socket());

test('Authenticator: without tokens every call is admitted and metadata is unchanged', () => {
  const auth = new Authenticator(null);
  assert.equal(auth.enabled, false);
  assert.equal(auth.authenticate(newConnection(), null), '');
  const metadata = encodeCbor({ token: 'x' });
  assert.equal(auth.cleanMetadata(metadata), metadata);
});

test('Authenticator: a credential is stored for its connection only', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const connection = newConnection();
  assert.equal(auth.authenticate(connection, null), null);
  assert.equal(auth.authenticate(connection, 'Bearer wrong'), null);
  const bob = auth.authenticate(connection, 'Bearer b');
  assert.match(bob ?? '', /^bob:/);
  assert.equal(connection.credential, bob);
  assert.equal(auth.authenticate(connection, null), bob);
  assert.equal(auth.authenticate(connection, 'Bearer wrong'), bob, 'it is trusted already');
  assert.equal(auth.authenticate(newConnection(), null), null);
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
    assert.match(auth.authenticate(connection, 'Bearer a') ?? '', /^alice:/);
    assert.match(auth.authenticateByMetadata(connection, encodeCbor({ token: 'b' })) ?? '', /^bob:/);
    assert.equal(auth.authenticate(connection, null), null);
    assert.equal(auth.authenticate(connection, 'Bearer wrong'), null);
  });
}

test('Authenticator: the first proxy header revokes the stored credential', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  const connection = newConnection();
  assert.notEqual(auth.authenticate(connection, 'Bearer a'), null);
  connection.proxyHeader = 'forwarded';
  assert.equal(auth.authenticate(connection, null), null);
});

test('Authenticator: accepts a token in metadata, but no other type', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  const byMetadata = (metadata: Parameters<typeof encodeCbor>[0]): string | null =>
    auth.authenticateByMetadata(newConnection(), encodeCbor(metadata));
  for (const token of ['', 'b', 1, null, Buffer.from('a'), ['a'], { token: 'a' }]) {
    assert.equal(byMetadata({ token }), null, String(token));
  }
  assert.equal(byMetadata({ nested: { token: 'a' } }), null);
  assert.match(byMetadata({ other: 1, token: 'a' }) ?? '', /^alice:/);
});

test('Authenticator: removes the token from metadata and keeps the other bytes', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(encodeCbor({ a: 1, token: 'a', z: [1n] }))), { a: 1, z: [1] });
  const indefinite = Buffer.from('bf65746f6b656e6161617801ff', 'hex');
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(indefinite)), { x: 1 });
});

test('Authenticator: a credential is valid while its name and token are configured', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const alice = auth.authenticate(newConnection(), 'Bearer a');
  auth.replace(tokensOf({ alice: 'a' }));
  assert.equal(auth.isValid(alice), true);
  auth.replace(tokensOf({ alice: 'changed' }));
  assert.equal(auth.isValid(alice), false);
  auth.replace(tokensOf({ other: 'a' }));
  assert.equal(auth.isValid(alice), false);
  assert.equal(auth.isValid(''), false, 'admitted while no tokens were in use');
  assert.equal(auth.isValid(null), false);
  auth.replace(null);
  assert.equal(auth.isValid(alice), true);
});

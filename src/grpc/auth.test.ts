import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { decodeCborMap, encodeCbor } from '../../test/support/cbor.ts';
import { Authenticator, digestOf } from './auth.ts';
import { Connection } from './connection.ts';

const tokensOf = (tokens: Readonly<Record<string, string>>): Map<string, Buffer> => {
  return new Map(Object.entries(tokens).map(([name, token]) => [name, digestOf(token)]));
};
const newConnection = (): Connection => new Connection(new Socket());

test('without tokens everybody is admitted, and metadata is left alone', () => {
  const auth = new Authenticator(null);
  assert.equal(auth.enabled, false);
  assert.equal(auth.admits(newConnection(), null), true);
  const metadata = encodeCbor({ token: 'x' });
  assert.equal(auth.cleanMetadata(metadata), metadata);
});

test('a proof is kept for the connection, and only for it', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const connection = newConnection();
  assert.equal(auth.admits(connection, null), false);
  assert.equal(auth.admits(connection, 'Bearer wrong'), false);
  assert.equal(auth.admits(connection, 'Bearer b'), true);
  assert.equal(connection.proof?.name, 'bob');
  assert.equal(auth.admits(connection, null), true);
  assert.equal(auth.admits(connection, 'Bearer wrong'), true, 'it is trusted already');
  assert.equal(auth.admits(newConnection(), null), false);
});

test('a token in metadata proves as well; anything else does not', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  for (const token of ['', 'b', 1, null, Buffer.from('a'), ['a'], { token: 'a' }]) {
    assert.equal(auth.admitsByMetadata(newConnection(), encodeCbor({ token })), false, String(token));
  }
  assert.equal(auth.admitsByMetadata(newConnection(), encodeCbor({ nested: { token: 'a' } })), false);
  assert.equal(auth.admitsByMetadata(newConnection(), encodeCbor({ other: 1, token: 'a' })), true);
});

test('the token is taken out of metadata, and everything else stays byte for byte', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a' }));
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(encodeCbor({ a: 1, token: 'a', z: [1n] }))), { a: 1, z: [1] });
  const indefinite = Buffer.from('bf65746f6b656e6161617801ff', 'hex');
  assert.deepEqual(decodeCborMap(auth.cleanMetadata(indefinite)), { x: 1 });
});

test('other tokens: a proof holds while its name and its token are there', () => {
  const auth = new Authenticator(tokensOf({ alice: 'a', bob: 'b' }));
  const alice = newConnection();
  auth.admits(alice, 'Bearer a');
  auth.replace(tokensOf({ alice: 'a' }));
  assert.equal(auth.holdsValidProof(alice), true);
  auth.replace(tokensOf({ alice: 'changed' }));
  assert.equal(auth.holdsValidProof(alice), false);
  auth.replace(tokensOf({ other: 'a' }));
  assert.equal(auth.holdsValidProof(alice), false);
  auth.replace(null);
  assert.equal(auth.holdsValidProof(alice), true);
});

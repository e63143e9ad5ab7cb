import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, Double, decodeCbor, decodeCborMap, encodeCbor, rawValue } from './cbor.ts';
import { VECTORS, vector } from './vectors.ts';

test('recorded messages: re-encoded unchanged, except the unsorted and the indefinite one', () => {
  for (const { name, cbor } of VECTORS.messages) {
    if (name === 'unicast-unsorted-keys' || name === 'unicast-indefinite-map') continue;
    assert.equal(encodeCbor(decodeCbor(Buffer.from(cbor, 'hex'))).toString('hex'), cbor, name);
  }
});

test('doubles, integers and integers beyond 2^53: distinguished', () => {
  const payload = asMap(decodeCborMap(vector('unicast-odd-payload')).payload);
  assert.deepEqual(payload.d, new Double(1));
  assert.equal(payload.i64, 9223372036854775807n);
  assert.equal(payload.neg, -9223372036854775808n);
});

test('malformed items: cannot be decoded', () => {
  for (const { name, value } of VECTORS.never_send) {
    if (name === 'timestamp-as-float') continue; // readable, but not as an integer
    assert.throws(() => decodeCbor(Buffer.from(value, 'hex')), name);
  }
});

test('rawValue: returns the bytes of one value', () => {
  const payload = rawValue(vector('unicast-unsorted-keys'), 'payload');
  assert.equal(payload?.toString('hex'), 'a26162016161fb4000000000000000');
});

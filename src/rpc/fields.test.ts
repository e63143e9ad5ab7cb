import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encodeCbor, Raw } from '../../test/support/cbor.ts';
import { integerField, mapField, parseRequest, textField, textListField } from './fields.ts';
import { RpcError, type RpcRequest } from './method.ts';
import { checkProfile } from './register.ts';

const UNREADABLE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a list', '80'],
  ['a map that is cut', 'a2617601'],
  ['integer keys', 'a10102'],
  ['a key twice', 'a2617601617602'],
];

for (const [name, hex] of UNREADABLE) {
  test(`parseRequest: ${name}: INVALID_ARGUMENT`, () => {
    assert.throws(
      () => parseRequest(Buffer.from(hex, 'hex')),
      (error) => error instanceof RpcError && error.status === 'INVALID_ARGUMENT' && error.message.length > 5,
    );
  });
}

const requestOf = (value: Encodable): RpcRequest => parseRequest(encodeCbor(value));

test('fields: absent equals null, other types are refused by name', () => {
  const request = requestOf({ name: 'ё', nothing: null, list: ['a', 'b'], map: { x: 1 }, number: 5, mixed: ['a', 1] });
  assert.deepEqual(
    [textField(request, 'name'), textField(request, 'nothing'), textField(request, 'none')],
    ['ё', null, null],
  );
  assert.deepEqual([textListField(request, 'list'), textListField(request, 'nothing')], [['a', 'b'], null]);
  assert.deepEqual([mapField(request, 'map'), mapField(request, 'nothing')], [encodeCbor({ x: 1 }), null]);
  assert.throws(() => textField(request, 'number'), /number must be a text/);
  assert.throws(() => textListField(request, 'mixed'), /mixed must be a list of texts/);
  assert.throws(() => textListField(request, 'name'), /name must be a list of texts/);
  assert.throws(() => mapField(request, 'list'), /list must be a map with text keys/);
});

test('integerField: echoes integers exactly beyond 2^53, refuses a double', () => {
  const request = requestOf({
    small: -7,
    big: 9_007_199_254_740_993n,
    double: new Raw('fb3ff8000000000000'),
    text: '1',
  });
  assert.equal(integerField(request, 'small'), -7);
  const big = integerField(request, 'big');
  assert.ok(typeof big === 'object');
  assert.equal(Buffer.from(big.bytes).toString('hex'), '1b0020000000000001');
  for (const key of ['double', 'text', 'none']) assert.throws(() => integerField(request, key), /must be an integer/);
});

test('checkProfile: limits are in bytes, inclusive', () => {
  const empty = Buffer.from([0xa0]);
  assert.equal(checkProfile({ name: 'ё'.repeat(128), groups: [], metadata: empty }, 1), null);
  assert.match(
    checkProfile({ name: 'ё'.repeat(129), groups: [], metadata: empty }, 1) ?? '',
    /clientName too long: at most 256 bytes/,
  );
  assert.match(
    checkProfile({ name: null, groups: ['a', 'b'], metadata: empty }, 1) ?? '',
    /Too many groups: at most 1/,
  );
  assert.match(
    checkProfile({ name: null, groups: ['x'.repeat(257)], metadata: empty }, 1) ?? '',
    /Group name too long/,
  );
  assert.equal(checkProfile({ name: null, groups: [], metadata: Buffer.alloc(64 * 1024) }, 1), null);
  assert.match(
    checkProfile({ name: null, groups: [], metadata: Buffer.alloc(64 * 1024 + 1) }, 1) ?? '',
    /Metadata too large: at most 65536 bytes/,
  );
});

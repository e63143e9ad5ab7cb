import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestHeaders } from './request-headers.ts';

const MAX_LIST_BYTES = 16 * 1024;

type Fields = readonly (readonly [name: string, value: string])[];

const METHOD = [':method', 'POST'] as const;
const SCHEME = [':scheme', 'http'] as const;
const PATH = [':path', '/a/b'] as const;
const BASIC: Fields = [METHOD, SCHEME, PATH];

function headersOf(fields: Fields): RequestHeaders {
  const headers = new RequestHeaders(MAX_LIST_BYTES);
  for (const [name, value] of fields) headers.add(name, value);
  return headers;
}

const VALID: readonly (readonly [name: string, fields: Fields])[] = [
  ['only the required fields', BASIC],
  ['pseudo-headers in another order', [PATH, METHOD, SCHEME]],
  ['an authority', [...BASIC, [':authority', 'localhost:9000']]],
  ['an empty authority, as Dart sends it', [...BASIC, [':authority', '']]],
  ['te: trailers', [...BASIC, ['te', 'trailers']]],
  ['names of all valid characters', [...BASIC, ["!#$%&'*+-.^_`|~0189az", 'x']]],
  ['an empty value', [...BASIC, ['x', '']]],
  ['bytes beyond ASCII, and tabs, within a value', [...BASIC, ['x', 'a\t\x80\xff b']]],
  ['the same header twice', [...BASIC, ['x', '1'], ['x', '2']]],
  ['any scheme and method', [[':method', 'M-SEARCH'], [':scheme', 'coap'], PATH]],
  ['host', [...BASIC, ['host', 'localhost']]],
];

const MALFORMED: readonly (readonly [name: string, fields: Fields])[] = [
  ['no fields at all', []],
  ['no :method', [SCHEME, PATH]],
  ['no :scheme', [METHOD, PATH]],
  ['no :path', [METHOD, SCHEME]],
  ['an empty :path', [METHOD, SCHEME, [':path', '']]],
  [
    'CONNECT, which has no :path',
    [
      [':method', 'CONNECT'],
      [':authority', 'localhost:1'],
    ],
  ],
  ['two :method', [...BASIC, METHOD]],
  ['two :scheme', [...BASIC, SCHEME]],
  ['two :path', [...BASIC, PATH]],
  ['two :authority', [...BASIC, [':authority', 'x'], [':authority', 'x']]],
  ['two :authority of which the first is empty', [...BASIC, [':authority', ''], [':authority', 'x']]],
  ['a response pseudo-header', [...BASIC, [':status', '200']]],
  ['an unknown pseudo-header', [...BASIC, [':protocol', 'websocket']]],
  ['a colon as name', [...BASIC, [':', '']]],
  ['an uppercase pseudo-header', [...BASIC, [':Authority', 'x']]],
  ['a pseudo-header after a regular field', [METHOD, SCHEME, ['x', 'y'], PATH]],
  ['an authority after a regular field', [...BASIC, ['x', 'y'], [':authority', 'z']]],
  ['a pseudo-header after a field in use', [METHOD, SCHEME, ['content-type', 'x'], PATH]],
  ['an uppercase name', [...BASIC, ['X-Test', 'a']]],
  ['an uppercase known name', [...BASIC, ['Content-Type', 'a']]],
  ['an empty name', [...BASIC, ['', 'a']]],
  ...[' x', 'x ', 'x y', 'x:', 'x\t', 'x\0', 'x\x7f', 'x\x80', 'x"', 'x(', 'x,', 'x\n'].map(
    (name) => [`the name ${JSON.stringify(name)}`, [...BASIC, [name, 'a']]] as const,
  ),
  ...['\0', '\r', '\n', 'a\r\nb: c', 'a\0'].map(
    (value) => [`the value ${JSON.stringify(value)}`, [...BASIC, ['x', value]]] as const,
  ),
  ['a line break in :path', [METHOD, SCHEME, [':path', '/\n']]],
  ['a line break in :authority', [...BASIC, [':authority', 'a\r']]],
  ['a line break in a field in use', [...BASIC, ['authorization', 'a\nb']]],
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map(
    (name) => [`the header ${name}`, [...BASIC, [name, 'x']]] as const,
  ),
  ...['gzip', 'trailers, gzip', 'Trailers', ''].map(
    (value) => [`te: ${JSON.stringify(value)}`, [...BASIC, ['te', value]]] as const,
  ),
  ['te: trailers after another te', [...BASIC, ['te', 'gzip'], ['te', 'trailers']]],
];

test('RequestHeaders: accepts valid requests', () => {
  for (const [name, fields] of VALID) assert.equal(headersOf(fields).isMalformed, false, name);
});

test('RequestHeaders: refuses malformed requests (RFC 9113, sections 8.2 and 8.3)', () => {
  for (const [name, fields] of MALFORMED) assert.equal(headersOf(fields).isMalformed, true, name);
});

test('RequestHeaders: keeps the values in use unchanged', () => {
  const headers = headersOf([
    ...BASIC,
    ['content-type', 'application/grpc+proto'],
    ['authorization', 'Bearer \xe9'],
    ['grpc-timeout', '5S'],
    ['x', 'y'],
  ]);
  const { method, scheme, path, contentType, authorization, timeout } = headers;
  assert.deepEqual([method, scheme, path], ['POST', 'http', '/a/b']);
  assert.deepEqual([contentType, authorization, timeout], ['application/grpc+proto', 'Bearer \xe9', '5S']);
});

test('RequestHeaders: absent fields are null', () => {
  const { contentType, authorization, timeout } = headersOf(BASIC);
  assert.deepEqual([contentType, authorization, timeout], [null, null, null]);
});

test('RequestHeaders: the size limit includes 32 bytes per field', () => {
  const basicBytes = BASIC.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  const left = MAX_LIST_BYTES - basicBytes - 32 - 1;
  assert.equal(headersOf([...BASIC, ['x', 'v'.repeat(left)]]).isTooLarge, false);
  assert.equal(headersOf([...BASIC, ['x', 'v'.repeat(left + 1)]]).isTooLarge, true);
  const small: Fields = Array.from({ length: 500 }, () => ['x', '']);
  assert.equal(headersOf([...BASIC, ...small]).isTooLarge, true, 'many that are small');
});

test('RequestHeaders: ignores fields beyond the size limit', () => {
  const headers = headersOf([...BASIC, ['x', 'v'.repeat(MAX_LIST_BYTES)], ['authorization', 'x']]);
  assert.deepEqual([headers.isTooLarge, headers.authorization], [true, null]);
});

test('areMalformedTrailers: true for pseudo-headers and invalid fields', () => {
  assert.equal(headersOf([]).areMalformedTrailers, false);
  assert.equal(
    headersOf([
      ['x', 'y'],
      ['te', 'trailers'],
    ]).areMalformedTrailers,
    false,
  );
  const wrong: Fields = [METHOD, SCHEME, PATH, [':authority', ''], [':status', '200'], ['X', 'y'], ['connection', 'x']];
  for (const field of wrong) assert.equal(headersOf([field]).areMalformedTrailers, true, field[0]);
});

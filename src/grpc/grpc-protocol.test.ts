import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGrpcContentType, parseTimeoutMs, percentEncoded } from './grpc-protocol.ts';

test('isGrpcContentType: content types of gRPC requests', () => {
  const accepted = [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc+json',
    'application/grpc+x.y-z',
    'application/grpc;charset=utf-8',
    'application/grpc+proto; charset=utf-8',
    'application/grpc ; a=b',
    'Application/GRPC',
  ];
  for (const type of accepted) assert.equal(isGrpcContentType(type), true, type);
});

test('isGrpcContentType: false for other content types', () => {
  const refused = [
    null,
    '',
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc-web-text',
    'application/grpcx',
    'application/grpc/x',
    'application/grpc+',
    'application/grpc proto',
    ' application/grpc',
    'text/application/grpc',
    'application/json',
  ];
  for (const type of refused) assert.equal(isGrpcContentType(type), false, String(type));
});

test('parseTimeoutMs: every unit, rounded up to a millisecond', () => {
  const rows: readonly (readonly [header: string, timeoutMs: number])[] = [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['1500u', 2],
    ['1n', 1],
    ['0S', 0],
    ['99999999H', 99_999_999 * 3_600_000],
  ];
  for (const [header, timeoutMs] of rows) assert.equal(parseTimeoutMs(header), timeoutMs, header);
});

test('parseTimeoutMs: null for malformed timeouts', () => {
  for (const header of [
    '',
    'S',
    '1',
    '1s',
    '1h',
    '-1S',
    '+1S',
    '1.5S',
    '123456789S',
    ' 1S',
    '1S ',
    '1 S',
    '1SS',
    '0x1S',
  ]) {
    assert.equal(parseTimeoutMs(header), null, header);
  }
});

test('percentEncoded: keeps 0x20 to 0x7E except the percent sign', () => {
  assert.equal(percentEncoded('Router is shutting down'), 'Router is shutting down');
  for (let code = 0x20; code <= 0x7e; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    assert.equal(percentEncoded(text), text === 'a%b' ? 'a%25b' : text);
  }
  for (const code of [0, 9, 10, 13, 0x1f, 0x7f]) {
    const hex = code.toString(16).toUpperCase().padStart(2, '0');
    assert.equal(percentEncoded(`a${String.fromCharCode(code)}b`), `a%${hex}b`);
  }
  assert.equal(percentEncoded('жé😀'), '%D0%B6%C3%A9%F0%9F%98%80');
});

test('percentEncoded: encodes leading and trailing spaces, which HTTP would strip', () => {
  assert.equal(percentEncoded(' a b '), '%20a b%20');
  assert.equal(percentEncoded(' '), '%20');
});

test('percentEncoded: decodes to the same text', () => {
  for (const text of ['100% sure', '%20', 'a\nb', 'жé😀', '  ']) {
    assert.equal(decodeURIComponent(percentEncoded(text)), text);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectProtocol, type OtherProtocol, ProtocolDetector } from './http1.ts';

const ROWS: readonly (readonly [bytes: string, protocol: OtherProtocol])[] = [
  ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'http1'],
  ['POST /router/ping HTTP/1.1\r\n', 'http1'],
  ['PRI * HTTP/1.1\r\n', 'http1'],
  ['OPTIONS * HTTP/1.0\n', 'http1'],
  ['GET / HTTP/1.1\r', 'undecided'],
  ['GET /very/long', 'undecided'],
  ['G', 'undecided'],
  ['POST', 'undecided'],
  ['GET /\r\n', 'unknown'],
  ['GET / HTTP/2.0\r\n', 'unknown'],
  [`GET /${'x'.repeat(9000)}`, 'unknown'],
  ['get / HTTP/1.1\r\n', 'unknown'],
  ['SSH-2.0-OpenSSH\r\n', 'unknown'],
  ['\u0016\u0003\u0001\u0002\u0000\u0001', 'unknown'],
  ['\0', 'unknown'],
  ['A'.repeat(21), 'unknown'],
];

test('detectProtocol: decides by the first line', () => {
  for (const [bytes, protocol] of ROWS) {
    assert.equal(detectProtocol(Buffer.from(bytes, 'latin1')), protocol, bytes.slice(0, 30));
  }
});

test('ProtocolDetector: decides once, however the line is split', () => {
  const detector = new ProtocolDetector();
  const results = [...'GET / HTTP/1.1\r\nx'].map((char) => detector.push(Buffer.from(char)));
  assert.deepEqual(
    results.filter((protocol) => protocol !== 'undecided'),
    ['http1'],
  );
  assert.equal(results.indexOf('http1'), 'GET / HTTP/1.1\r\n'.length - 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProxiedClient, parseProxyHeader } from './proxy-header.ts';

const V2 = '0d0a0d0a000d0a515549540a';
const IPV4 = '01020304' + '7f000001' + 'c001' + '1f90';
const IPV6 = '20010db8000000000000000000000007' + '00000000000000000000000000000001' + 'c001' + '1f90';

const v2 = (head: string, body = ''): Buffer =>
  Buffer.from(`${V2}${head}${(body.length / 2).toString(16).padStart(4, '0')}${body}`, 'hex');

const HEADERS: readonly (readonly [name: string, header: Buffer, client: ProxiedClient | null])[] = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 1.2.3.4 127.0.0.1 49153 8080\r\n'), { address: '1.2.3.4', port: 49153 }],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:db8::7 ::1 49153 8080\r\n'), { address: '2001:db8::7', port: 49153 }],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), null],
  ['v1 UNKNOWN with addresses', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), null],
  ['v2 TCP over IPv4', v2('2111', IPV4), { address: '1.2.3.4', port: 49153 }],
  ['v2 TCP over IPv4 with TLVs', v2('2111', `${IPV4}04000100`), { address: '1.2.3.4', port: 49153 }],
  ['v2 TCP over IPv6', v2('2121', IPV6), { address: '2001:db8:0:0:0:0:0:7', port: 49153 }],
  ['v2 LOCAL', v2('2000'), null],
  ['v2 LOCAL with addresses', v2('2011', IPV4), null],
  ['v2 PROXY without a family', v2('2100'), null],
  ['v2 Unix socket', v2('2131', '00'.repeat(216)), null],
  ['v2 UDP', v2('2112', IPV4), null],
];

for (const [name, header, client] of HEADERS) {
  test(`${name}: parsed as soon as it is complete, whatever follows`, () => {
    for (let length = 0; length < header.length; length++) {
      assert.equal(parseProxyHeader(header.subarray(0, length)), null, `${length} bytes`);
    }
    const followed = Buffer.concat([header, Buffer.from('PRI * HTTP/2.0\r\n')]);
    assert.deepEqual(parseProxyHeader(followed), { client, bytes: header.length });
  });
}

const MALFORMED: readonly (readonly [name: string, bytes: Buffer, reason: RegExp])[] = [
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /no PROXY/],
  ['TLS', Buffer.from('16030100', 'hex'), /no PROXY/],
  ['another word', Buffer.from('PROXIED'), /no PROXY/],
  ['v1 without an end', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(93)}`), /longer than 107/],
  ['v1 that is too long', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`), /longer than 107/],
  ['v1 of another family', Buffer.from('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n'), /version 1/],
  ['v1 with IPv6 as TCP4', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n'), /version 1/],
  ['v1 with IPv4 as TCP6', Buffer.from('PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n'), /version 1/],
  ['v1 with a host name', Buffer.from('PROXY TCP4 localhost 1.2.3.4 1 2\r\n'), /version 1/],
  ['v1 with a port beyond 65535', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n'), /version 1/],
  ['v1 with a sign', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n'), /version 1/],
  ['v1 without a port', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'), /version 1/],
  ['v1 with two spaces', Buffer.from('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n'), /version 1/],
  ['v1 with a line feed alone', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\nx\r\n'), /version 1/],
  ['v2 of version 3', v2('3111', IPV4), /version 2/],
  ['v2 with an unknown command', v2('2211', IPV4), /version 2/],
  ['v2 with half an address', v2('2111', IPV4.slice(0, 16)), /without its addresses/],
  ['v2 with IPv4 as IPv6', v2('2121', IPV4), /without its addresses/],
  ['v2 that is too long', Buffer.from(`${V2}2111ffff`, 'hex'), /longer than/],
];

for (const [name, bytes, reason] of MALFORMED) {
  test(`${name}: refused`, () => assert.throws(() => parseProxyHeader(bytes), reason));
}

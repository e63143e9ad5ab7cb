import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { formatPort, openPorts, parseAddress } from './open-ports.ts';

test('parseAddress: IPv4 and IPv6 addresses of /proc/net/tcp', () => {
  for (const [hex, address] of [
    ['00000000', '0.0.0.0'],
    ['0100007F', '127.0.0.1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['000080FE00000000FF005450B6AD1DFE', 'fe80::5054:ff:fe1d:adb6'],
  ] as const) {
    assert.equal(parseAddress(hex), address);
  }
});

test('formatPort: the format of the guide', () => {
  assert.equal(formatPort({ address: '0.0.0.0', port: 8080 }), '*:8080');
  assert.equal(formatPort({ address: '::', port: 8080 }), '*:8080');
  assert.equal(formatPort({ address: '127.0.0.1', port: 9090 }), '127.0.0.1:9090');
  assert.equal(formatPort({ address: '::1', port: 9090 }), '[::1]:9090');
});

test('openPorts: contains a port while the process listens on it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const has = (): boolean => openPorts(process.pid).some((open) => open.address === '127.0.0.1' && open.port === port);
  assert.equal(has(), true);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  assert.equal(has(), false);
});

test('openPorts: empty for a missing process', () => assert.deepEqual(openPorts(999_999_999), []));

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { TestCa } from '../../../test/support/certs.ts';
import { poll } from '../../../test/support/poll.ts';
import { TempFolder } from '../../../test/support/temp.ts';
import { attachReader, readLater, readOn, type SocketReader } from './fast-read.ts';

class Reader implements SocketReader {
  text = '';
  ends = 0;
  wantsMore = true;

  receive(chunk: Buffer): boolean {
    this.text += chunk;
    return this.wantsMore;
  }

  ended(): void {
    this.ends++;
  }
}

const folder = new TempFolder();
after(() => folder.remove());
const ca = new TestCa(folder);
const identity = ca.issue('server');

type Kind = 'TCP' | 'TLS';
const WAYS: readonly (readonly [way: string, kind: Kind, isFast: boolean])[] = [
  ['TCP', 'TCP', true],
  ['TLS', 'TLS', true],
  ['TCP without internals', 'TCP', false],
  ['TLS without internals', 'TLS', false],
];

/** A connection: the peer's socket, the TCP socket below it, and the router's with its reader. */
async function connected(
  t: TestContext,
  kind: Kind,
  isFast: boolean,
): Promise<{ tcp: Socket; peer: Socket; socket: Socket; reader: Reader; errors: Error[] }> {
  const server = kind === 'TCP' ? createServer() : createTlsServer({ key: identity.key, cert: identity.cert });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tcp = connect(port, '127.0.0.1');
  const peer = kind === 'TCP' ? tcp : connectTls({ socket: tcp, ca: ca.cert });
  const [socket] = (await once(server, kind === 'TCP' ? 'connection' : 'secureConnection')) as [Socket];
  server.close();
  t.after(() => {
    peer.destroy();
    socket.destroy();
  });
  const reader = new Reader();
  const errors: Error[] = [];
  socket.on('error', (error) => errors.push(error));
  attachReader(socket, reader, isFast);
  return { tcp, peer, socket, reader, errors };
}

for (const [way, kind, isFast] of WAYS) {
  test(`${way}: chunks and the end are read`, async (t) => {
    const { peer, reader } = await connected(t, kind, isFast);
    peer.write('one');
    await poll('the first', () => reader.text === 'one');
    peer.end('two');
    await poll('the end', () => reader.ends === 1);
    assert.equal(reader.text, 'onetwo');
  });

  test(`${way}: a reset ${isFast ? 'is an end' : 'closes the socket'}`, async (t) => {
    const { tcp, peer, socket, reader, errors } = await connected(t, kind, isFast);
    peer.write('one');
    await poll('it to be read', () => reader.text === 'one');
    tcp.resetAndDestroy();
    if (isFast) {
      await poll('the end', () => reader.ends === 1);
      assert.deepEqual(errors, []);
    } else await poll('the socket to close', () => socket.destroyed);
  });

  test(`${way}: after receive returned false, nothing is read until readOn`, async (t) => {
    const { peer, socket, reader } = await connected(t, kind, isFast);
    reader.wantsMore = false;
    peer.write('one');
    await poll('the first', () => reader.text === 'one');
    peer.end('two');
    await once(peer, 'finish');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(reader.text, 'one');
    reader.wantsMore = true;
    readOn(socket);
    await poll('the end', () => reader.ends === 1);
    assert.equal(reader.text, 'onetwo');
  });

  test(`${way}: reading can be paused`, async (t) => {
    const { peer, socket, reader } = await connected(t, kind, isFast);
    peer.write('one');
    await poll('the first', () => reader.text === 'one');
    readLater(socket);
    peer.end('two');
    await once(peer, 'finish');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([reader.text, reader.ends], ['one', 0]);
    readOn(socket);
    await poll('the end', () => reader.ends === 1);
    assert.equal(reader.text, 'onetwo');
  });
}

test('without internals: the socket stays open at EOF until its reader destroys it', async (t) => {
  const { peer, socket, reader } = await connected(t, 'TCP', false);
  peer.end('all');
  await poll('the end', () => reader.ends === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([reader.text, socket.destroyed, socket.writable], ['all', false, true]);
});

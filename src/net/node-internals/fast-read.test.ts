import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { TestCa } from '../../../test/support/certs.ts';
import { poll } from '../../../test/support/poll.ts';
import { TempFolder } from '../../../test/support/temp.ts';
import { readDirectly, readLater, readOn, type SocketReader } from './fast-read.ts';

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

const KINDS = ['TCP', 'TLS'] as const;
type Kind = (typeof KINDS)[number];

/** A connection: the peer's socket, what is beneath it, and the router's with what reads it. */
async function connected(
  t: TestContext,
  kind: Kind,
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
  readDirectly(socket, reader);
  return { tcp, peer, socket, reader, errors };
}

for (const kind of KINDS) {
  test(`${kind}: what comes is read at once, and so is the end`, async (t) => {
    const { peer, reader } = await connected(t, kind);
    peer.write('one');
    await poll('the first', () => reader.text === 'one');
    peer.end('two');
    await poll('the end', () => reader.ends === 1);
    assert.equal(reader.text, 'onetwo');
  });

  test(`${kind}: a reset is an end`, async (t) => {
    const { tcp, peer, reader, errors } = await connected(t, kind);
    peer.write('one');
    await poll('it to be read', () => reader.text === 'one');
    tcp.resetAndDestroy();
    await poll('the end', () => reader.ends === 1);
    assert.deepEqual(errors, []);
  });

  test(`${kind}: after a chunk that is enough, nothing is read until it is wanted`, async (t) => {
    const { peer, socket, reader } = await connected(t, kind);
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

  test(`${kind}: reading can be put off`, async (t) => {
    const { peer, socket, reader } = await connected(t, kind);
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

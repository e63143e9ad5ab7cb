import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { poll } from '../../../test/support/poll.ts';
import { type SocketWriter, socketWriter } from './fast-write.ts';

async function connected(t: TestContext): Promise<{ socket: Socket; received: () => string }> {
  let text = '';
  const server = createServer((peer) => {
    peer.on('data', (chunk) => {
      text += chunk;
    });
    peer.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  t.after(() => {
    socket.destroy();
    server.close();
  });
  return { socket, received: () => text };
}

const PIECES = ['a', 'bc', 'd'.repeat(300_000)].map((text) => Buffer.from(text));

/** Resolves with the error of the write, if any; rejects when `written` is called twice. */
function written(start: (done: (error?: Error | null) => void) => void): Promise<Error | null> {
  return new Promise((resolve) => {
    let calls = 0;
    start((error) => {
      assert.equal(++calls, 1);
      resolve(error ?? null);
    });
  });
}

function both(name: string, run: (t: TestContext, writer: SocketWriter) => Promise<void>): void {
  test(`${name}, with internals`, (t) => run(t, socketWriter(true)));
  test(`${name}, without`, (t) => run(t, socketWriter(false)));
}

both('everything arrives in order, and each write completes once', async (t, writer) => {
  const { socket, received } = await connected(t);
  assert.equal(await written((done) => writer.write(socket, Buffer.from('first '), done)), null);
  assert.equal(await written((done) => writer.writeAll(socket, PIECES, done)), null);
  assert.equal(await written((done) => writer.write(socket, Buffer.from(' last'), done)), null);
  const expected = `first ${Buffer.concat(PIECES)} last`;
  await poll('all bytes', () => received().length === expected.length);
  assert.equal(received(), expected);
});

both('a write to a destroyed socket completes with an error', async (t, writer) => {
  const { socket } = await connected(t);
  socket.destroy();
  assert.ok((await written((done) => writer.write(socket, Buffer.from('x'), done))) instanceof Error);
  assert.ok((await written((done) => writer.writeAll(socket, PIECES, done))) instanceof Error);
});

test('a socket without _writev: loses no bytes', async (t) => {
  const { socket, received } = await connected(t);
  Object.defineProperty(socket, '_writev', { value: undefined });
  assert.ok(Socket.prototype._writev, 'there is one to hide');
  assert.equal(await written((done) => socketWriter(true).writeAll(socket, PIECES, done)), null);
  const bytes = Buffer.concat(PIECES).length;
  await poll('all bytes', () => received().length === bytes);
});

import assert from 'node:assert/strict';
import { Server, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { probeNodeInternals } from './capabilities.ts';

/** Runs on every supported Node in CI: fails if one lacks a capability. */
test('capabilities: this Node has all', async () => {
  assert.deepEqual(await probeNodeInternals(), { fastRead: true, fastWrite: true, acceptQueue: true, tlsParent: true });
});

/** Hides a method of all sockets until the end of the test. */
function hide(t: TestContext, name: '_writev'): void {
  const method = Socket.prototype[name];
  t.after(() => {
    Socket.prototype[name] = method as NonNullable<typeof method>;
  });
  Reflect.set(Socket.prototype, name, undefined);
}

test('capabilities: no fast write without _writev', async (t) => {
  hide(t, '_writev');
  const { fastRead, fastWrite } = await probeNodeInternals();
  assert.deepEqual([fastRead, fastWrite], [true, false]);
});

test('capabilities: none without loopback', async (t) => {
  t.mock.method(Server.prototype, 'listen', function (this: Server) {
    process.nextTick(() => this.emit('error', new Error('listen EADDRNOTAVAIL')));
    return this;
  });
  const { fastRead, fastWrite, acceptQueue } = await probeNodeInternals();
  assert.deepEqual([fastRead, fastWrite, acceptQueue], [false, false, false]);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { EOFS_PER_TICK, EofThrottle, type ThrottledReader } from './eof-throttle.ts';
import { attachReader, readLater, readOn, type SocketReader } from './node-internals/fast-read.ts';

const COUNT = 1200;
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Many sockets that are read, and the number of their EOFs per tick. */
class Host implements AsyncDisposable {
  readonly peers: Socket[] = [];
  readonly readers = new Set<Reader>();
  readonly throttle = new EofThrottle(this.readers);
  readonly eofsPerTick: number[] = [];
  private readonly server = createServer((socket) => this.readers.add(new Reader(socket, this)));
  private eofsThisTick = 0;

  static async with(count: number): Promise<Host> {
    const host = new Host();
    host.server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
    await once(host.server, 'listening');
    const { port } = host.server.address() as AddressInfo;
    while (host.peers.length < count) {
      const some = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
      await Promise.all(some.map((peer) => once(peer, 'connect')));
      host.peers.push(...some);
    }
    await poll('all connections to be accepted', () => host.readers.size === count);
    return host;
  }

  countEof(): void {
    if (this.eofsThisTick++ > 0) return;
    setImmediate(() => {
      this.eofsPerTick.push(this.eofsThisTick);
      this.eofsThisTick = 0;
    });
  }

  get eofCount(): number {
    return this.eofsPerTick.reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    for (const { socket } of this.readers) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

class Reader implements ThrottledReader, SocketReader {
  readonly socket: Socket;
  text = '';
  isBusy = false;
  private eofReceived = false;
  private readonly host: Host;

  constructor(socket: Socket, host: Host) {
    this.socket = socket;
    this.host = host;
    socket.on('error', () => {});
    attachReader(socket, this, true);
  }

  get isIdle(): boolean {
    return !this.isBusy && !this.eofReceived;
  }

  receive(chunk: Buffer): boolean {
    this.text += chunk;
    return true;
  }

  ended(): void {
    this.eofReceived = true;
    this.host.countEof();
    this.host.throttle.onEof();
  }

  pauseSocket(): void {
    assert.ok(this.isIdle);
    readLater(this.socket);
  }

  resumeSocket(): void {
    readOn(this.socket);
  }
}

for (const [way, disconnect] of [
  ['closed', (peer: Socket): unknown => peer.destroy()],
  ['reset', (peer: Socket): unknown => peer.resetAndDestroy()],
] as const) {
  test(`EofThrottle: the EOFs of connections ${way} at once are spread over ticks, and all are read`, async () => {
    await using host = await Host.with(COUNT);
    for (const peer of host.peers) disconnect(peer); // closed together, at the end of the tick
    await poll('all EOFs', () => host.eofCount === COUNT);
    assert.ok(Math.max(...host.eofsPerTick) <= EOFS_PER_TICK, String(host.eofsPerTick));
  });
}

test('EofThrottle: open connections are resumed, busy ones are never paused', async () => {
  await using host = await Host.with(COUNT);
  const [busy, idle] = [...host.readers] as [Reader, Reader];
  busy.isBusy = true;
  busy.pauseSocket = () => assert.fail('paused');
  const staying = host.peers.filter(({ localPort }) =>
    [busy, idle].some(({ socket }) => socket.remotePort === localPort),
  );
  for (const peer of host.peers) if (!staying.includes(peer)) peer.destroy();
  await poll('all EOFs', () => host.eofCount === COUNT - 2);
  for (const peer of staying) peer.write('here');
  await poll('both to be read', () => busy.text === 'here' && idle.text === 'here');
});

test('EofThrottle: without idle connections, they are scanned once per tick', async () => {
  let scans = 0;
  const busy = {
    get isIdle(): boolean {
      scans++;
      return false;
    },
    pauseSocket: () => assert.fail('paused'),
    resumeSocket: () => assert.fail('was not paused'),
  };
  const throttle = new EofThrottle(new Set([busy]));
  for (let ticks = 1; ticks <= 3; ticks++) {
    for (let n = 0; n < 2 * EOFS_PER_TICK; n++) throttle.onEof();
    assert.equal(scans, ticks);
    await tick();
  }
});

test('EofThrottle: among very many connections, more EOFs are needed before it pauses them', () => {
  let pausedCount = 0;
  const readers = Array.from({ length: 100 * EOFS_PER_TICK }, () => ({
    isIdle: true,
    pauseSocket: (): void => void pausedCount++,
    resumeSocket: (): void => {},
  }));
  const throttle = new EofThrottle(new Set(readers));
  for (let n = 0; n < 2 * EOFS_PER_TICK; n++) throttle.onEof();
  assert.equal(pausedCount, 0);
  for (let n = 0; n < EOFS_PER_TICK; n++) throttle.onEof();
  assert.equal(pausedCount, readers.length);
});

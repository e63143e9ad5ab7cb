import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { ENDS_PER_TURN, EndPacer, type PacedReader } from './eof-throttle.ts';
import { readDirectly, readLater, readOn, type SocketReader } from './node-internals/fast-read.ts';

const COUNT = 1200;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Many sockets that are read, and how many of their ends came in which turn. */
class Host implements AsyncDisposable {
  readonly peers: Socket[] = [];
  readonly readers = new Set<Reader>();
  readonly ends = new EndPacer(this.readers);
  readonly endsOfTurns: number[] = [];
  private readonly server = createServer((socket) => this.readers.add(new Reader(socket, this)));
  private endsNow = 0;

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
    await poll('all to be accepted', () => host.readers.size === count);
    return host;
  }

  noteEnd(): void {
    if (this.endsNow++ > 0) return;
    setImmediate(() => {
      this.endsOfTurns.push(this.endsNow);
      this.endsNow = 0;
    });
  }

  get endCount(): number {
    return this.endsOfTurns.reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    for (const { socket } of this.readers) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

class Reader implements PacedReader, SocketReader {
  readonly socket: Socket;
  text = '';
  isBusy = false;
  private hasEnded = false;
  private readonly host: Host;

  constructor(socket: Socket, host: Host) {
    this.socket = socket;
    this.host = host;
    socket.on('error', () => {});
    readDirectly(socket, this);
  }

  get isQuiet(): boolean {
    return !this.isBusy && !this.hasEnded;
  }

  receive(chunk: Buffer): boolean {
    this.text += chunk;
    return true;
  }

  ended(): void {
    this.hasEnded = true;
    this.host.noteEnd();
    this.host.ends.came();
  }

  hold(): void {
    assert.ok(this.isQuiet);
    readLater(this.socket);
  }

  readOn(): void {
    readOn(this.socket);
  }
}

for (const [way, leave] of [
  ['said good-bye', (peer: Socket): unknown => peer.destroy()],
  ['were reset', (peer: Socket): unknown => peer.resetAndDestroy()],
] as const) {
  test(`connections that ${way} at once are read over turns, and all of them are`, async () => {
    await using host = await Host.with(COUNT);
    for (const peer of host.peers) leave(peer); // closed together, at the end of the turn
    await poll('all the ends', () => host.endCount === COUNT);
    assert.ok(Math.max(...host.endsOfTurns) <= ENDS_PER_TURN, String(host.endsOfTurns));
  });
}

test('who stays is read on, and who is busy is never held up', async () => {
  await using host = await Host.with(COUNT);
  const [busy, idle] = [...host.readers] as [Reader, Reader];
  busy.isBusy = true;
  busy.hold = () => assert.fail('held up');
  const staying = host.peers.filter(({ localPort }) =>
    [busy, idle].some(({ socket }) => socket.remotePort === localPort),
  );
  for (const peer of host.peers) if (!staying.includes(peer)) peer.destroy();
  await poll('all the ends', () => host.endCount === COUNT - 2);
  for (const peer of staying) peer.write('here');
  await poll('both to be read', () => busy.text === 'here' && idle.text === 'here');
});

test('when nobody is quiet, that is found out once a turn', async () => {
  let asked = 0;
  const busy = {
    get isQuiet(): boolean {
      asked++;
      return false;
    },
    hold: () => assert.fail('held up'),
    readOn: () => assert.fail('was not held'),
  };
  const ends = new EndPacer(new Set([busy]));
  for (let turns = 1; turns <= 3; turns++) {
    for (let n = 0; n < 2 * ENDS_PER_TURN; n++) ends.came();
    assert.equal(asked, turns);
    await turn();
  }
});

test('among very many connections it takes more ends to hold all of them up', () => {
  let heldCount = 0;
  const readers = Array.from({ length: 100 * ENDS_PER_TURN }, () => ({
    isQuiet: true,
    hold: (): void => void heldCount++,
    readOn: (): void => {},
  }));
  const ends = new EndPacer(new Set(readers));
  for (let n = 0; n < 2 * ENDS_PER_TURN; n++) ends.came();
  assert.equal(heldCount, 0);
  for (let n = 0; n < ENDS_PER_TURN; n++) ends.came();
  assert.equal(heldCount, readers.length);
});

import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { encodeFrame, FRAME, FrameSplitter, MAX_FRAME_BYTES } from './carriers/frame-splitter.ts';
import { UnixCarrier } from './carriers/unix-carrier.ts';

const clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  atTickEnd: (run: () => void) => void setImmediate(run),
};

/** A carrier that records its events. */
class Node implements Disposable {
  readonly received: string[] = [];
  readonly carrier: UnixCarrier;

  constructor(folder: string, instance: string) {
    const record = (event: string): void => void this.received.push(event);
    this.carrier = new UnixCarrier({ folder, instance, clock, onIssue: (issue) => record(`issue ${issue}`) });
    this.carrier.open({
      onData: (bytes) => record(`data ${bytes}`),
      onAnnounce: (bytes) => record(`announce ${bytes}`),
      onState: (up) => record(`up ${up}`),
      onPeerLost: (peer) => record(`lost ${peer}`),
    });
  }

  send(peer: string, text: string): void {
    this.carrier.send(peer, [Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))], text.length);
  }

  async until(...events: readonly string[]): Promise<void> {
    await poll(`the events ${events}`, () => events.every((event) => this.received.includes(event)));
  }

  [Symbol.dispose](): void {
    this.carrier.destroy();
  }
}

test('frames are found whatever the chunks of the stream are', () => {
  const payloads = ['', 'a', 'x'.repeat(300)].map((text) => Buffer.from(text));
  const bytes = Buffer.concat(payloads.map((payload, kind) => encodeFrame(kind, [payload], payload.length)));
  for (const step of [1, 2, 5, 7, 300, bytes.length]) {
    const frames: [number, string][] = [];
    const splitter = new FrameSplitter((kind, payload) => void frames.push([kind, payload.toString()]));
    for (let at = 0; at < bytes.length; at += step) assert.equal(splitter.add(bytes.subarray(at, at + step)), true);
    assert.deepEqual(
      frames,
      payloads.map((payload, kind) => [kind, payload.toString()]),
      `chunks of ${step}`,
    );
  }
  const tooLong = encodeFrame(FRAME.data, [], 0);
  tooLong.writeUInt32BE(MAX_FRAME_BYTES + 1, 1);
  assert.equal(new FrameSplitter(() => assert.fail()).add(tooLong), false);
});

test('unix carrier: processes that start at once or later reach each other in order', async () => {
  using folder = new TempFolder();
  using a = new Node(folder.path, 'a');
  using b = new Node(folder.path, 'b');
  await Promise.all([a.until('up true'), b.until('up true')]);
  await poll('the two to be linked', () => [...a.carrier.peers, ...b.carrier.peers].length === 2);
  using c = new Node(folder.path, 'c');
  await c.until('up true');
  assert.deepEqual([...c.carrier.peers].sort(), ['a', 'b'], 'known as soon as it is up');
  c.carrier.announce(Buffer.from('hello'));
  for (let n = 0; n < 100; n++) c.send('a', `m${n}`);
  a.send('b', '1');
  c.send('nobody', 'lost');
  await Promise.all([a.until('announce hello', 'data m99'), b.until('announce hello', 'data 1')]);
  assert.deepEqual(
    a.received.filter((event) => event.startsWith('data')),
    Array.from({ length: 100 }, (_, n) => `data m${n}`),
  );
  const large = 'x'.repeat(MAX_FRAME_BYTES);
  a.send('c', large);
  await c.until(`data ${large}`);
  assert.deepEqual(
    [a, b, c].flatMap(({ received }) => received.filter((event) => /issue|lost/.test(event))),
    [],
  );
});

test('unix carrier: a process that ends is lost at once, and its name can be taken again', async () => {
  using folder = new TempFolder();
  using a = new Node(folder.path, 'a');
  await a.until('up true');
  const b = new Node(folder.path, 'b');
  await b.until('up true');
  b.send('a', 'last');
  await b.carrier.flush();
  b.carrier.destroy();
  await a.until('data last', 'lost b');
  assert.deepEqual([...a.carrier.peers], []);
  assert.equal(existsSync(folder.file('b')), false);
  a.send('b', 'dropped');
  using next = new Node(folder.path, 'b');
  await next.until('up true');
  await poll('the name at the other process', () => [...a.carrier.peers].includes('b'));
  a.carrier.announce(Buffer.from('again'));
  await next.until('announce again');
});

test('unix carrier: the socket of a killed process is removed, a stranger is disconnected', async () => {
  using folder = new TempFolder();
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(folder.file('moved'), resolve));
  // as after kill -9: the file remains, and its process does not listen
  renameSync(folder.file('moved'), folder.file('dead'));
  await new Promise((resolve) => dead.close(resolve));
  using a = new Node(folder.path, 'a');
  await a.until('up true');
  assert.equal(existsSync(folder.file('dead')), false);
  const stranger = connect(folder.file('a'));
  const closed = new Promise((resolve) => stranger.once('close', resolve));
  stranger.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  stranger.resume();
  await closed;
  assert.deepEqual([...a.carrier.peers], []);
});

import assert from 'node:assert/strict';
import type { RequestHeaders, ServerStream, StreamHandler } from '../../src/http2/index.ts';
import { PREFACE, settingsFrame } from '../support/http2-frames.ts';
import { ANSWER, Http2Peer, type Served, TRAILERS } from '../support/http2-peer.ts';
import { mangled, RandomClient } from './http2-client.ts';
import { bodyPart, Http2Observer } from './http2-observer.ts';
import { mutated, Random } from './mutate.ts';
import { FuzzFailure } from './target.ts';

const HEADERS = Buffer.from([0x88]);
const SIZES = [1, 10, 100, 1000, 16_384, 16_385, 40_000];

/** A server that responds at random, also from within its callbacks. */
class RandomServer extends Http2Peer {
  private readonly random: Random;
  /** Body bytes written on each stream. */
  readonly written = new Map<number, number>();

  constructor(random: Random) {
    super();
    this.random = random;
  }

  override openStream(stream: ServerStream, headers: RequestHeaders): StreamHandler | null {
    if (headers.path === '/null') {
      if (this.random.below(2) === 0) stream.end(ANSWER);
      else stream.reset(8);
      return null;
    }
    const served = super.openStream(stream, headers) as Served;
    served.whenData = () => this.maybe(10, () => this.connection.pause());
    served.whenWriteComplete = () => this.maybe(60, () => this.act(served));
    served.whenClosed = () => this.maybe(30, () => this.act(this.random.pick(this.served)));
    if (headers.path === '/echo') served.whenEnded = () => this.act(served);
    return served;
  }

  /** Reads the sent bytes, with the requested pauses. */
  override send(...parts: readonly Buffer[]): void {
    for (let left = Buffer.concat(parts); left.length > 0; this.connection.resume()) {
      const read = this.connection.receive(left);
      assert.ok(read > 0, 'a pause behind nothing');
      left = left.subarray(read);
    }
  }

  /** Calls a random method that a host may call between two chunks. */
  happen(): void {
    const what = this.random.below(100);
    if (what < 45 && this.served.length > 0) this.act(this.random.pick(this.served));
    else if (what < 75) this.completeWrite();
    else if (what < 85) this.reads = !this.reads;
    else if (what < 88) this.connection.resetStalled(this.nowMs, 1000);
    else if (what < 89) this.connection.gracefulShutdown();
    else if (what < 90) this.connection.sendFinalGoaway();
    else if (what < 93) this.connection.ping();
    else this.nowMs += this.random.below(2000);
  }

  private maybe(percent: number, run: () => void): void {
    if (this.random.below(100) < percent) run();
  }

  private act(served: Served): void {
    const what = this.random.below(20);
    if (what < 13) this.writeBody(served);
    else if (what < 18) served.stream.end(TRAILERS);
    else if (what < 19) served.stream.sendHeaders(HEADERS);
    else if (served.closes === 0) served.stream.reset(11);
  }

  private writeBody(served: Served): void {
    const { stream } = served;
    if (served.isWriting || !stream.localOpen) return;
    const from = this.written.get(stream.id) ?? 0;
    const bytes = this.random.pick(SIZES);
    this.written.set(stream.id, from + bytes);
    served.write(bodyPart(stream.id, from, bytes));
  }
}

/** One connection from its preface to its end. */
class Session {
  readonly input: Buffer[] = [];
  private readonly random: Random;
  /** True if the client sends nothing that justifies closing the connection. */
  private readonly isGood: boolean;
  private readonly client: RandomClient;
  private readonly server: RandomServer;
  private readonly observer = new Http2Observer();
  private looked = 0;

  constructor(random: Random) {
    this.random = random;
    this.isGood = random.below(3) === 0;
    this.client = new RandomClient(random, !this.isGood);
    this.server = new RandomServer(random);
  }

  run(): void {
    const { random } = this;
    const hello = [PREFACE, settingsFrame({ 4: random.pick([0, 30, 65_535, 1_000_000]) })];
    const frames = [...hello, ...this.client.frames(40)];
    if (this.isGood) {
      this.sendAll(Buffer.concat(frames));
      this.drain();
    } else {
      const bytes = Buffer.concat(random.below(2) === 0 ? frames : mangled(random, frames));
      this.sendAll(random.below(10) > 0 ? bytes : mutated(random, [bytes]));
    }
    this.end();
  }

  /** Sends `bytes` in random chunks, with random calls in between. */
  private sendAll(bytes: Buffer): void {
    const { random } = this;
    const most = random.pick([1, 9, 100, 3000, bytes.length + 1]);
    for (let pos = 0; pos < bytes.length; ) {
      const size = most === 1 && bytes.length < 4000 ? 1 : 1 + random.below(Math.max(most, bytes.length >> 6));
      this.send(bytes.subarray(pos, pos + size));
      pos += size;
      if (random.below(most === 1 ? 20 : 2) === 0) this.server.happen();
      this.look();
    }
  }

  private send(chunk: Buffer): void {
    const copy = Buffer.from(chunk);
    this.input.push(copy);
    this.observer.sent(copy);
    this.server.send(copy);
    this.look();
  }

  /** Passes the written bytes to the observer. */
  private look(): void {
    const { server } = this;
    for (; this.looked < server.writes.length; this.looked++) {
      this.observer.received(server.writes[this.looked] as Buffer, (streamId) => server.written.get(streamId) ?? 0);
    }
    assert.ok(server.finishes <= 1, 'finished again');
  }

  /** Asserts that a client that reads everything and opens all windows receives everything. */
  private drain(): void {
    const { server } = this;
    server.reads = true;
    while (server.completeWrite()) this.look();
    if (server.finishes === 0) this.send(this.client.openWindows());
    assert.deepEqual(server.failures, [], 'a good client was given up');
    for (const served of server.served) assert.equal(served.closes === 0 && served.isWriting, false, 'not taken');
  }

  private end(): void {
    const { server } = this;
    server.connection.onSocketClosed();
    this.look();
    const bodies = this.observer.requestBodies();
    for (const { stream, closes, body } of server.served) {
      assert.equal(closes, 1, `closed ${closes} times: stream ${stream.id} is over`);
      const sent = bodies.get(stream.id)?.subarray(0, body.length);
      assert.ok(body.length === 0 || sent?.equals(body) === true, 'another request body');
    }
    assert.equal(server.connection.hasActiveStreams, false);
    const [writes, requests] = [server.writes.length, server.served.length];
    server.send(...this.client.frames(5));
    assert.deepEqual([server.writes.length, server.served.length], [writes, requests], 'served behind the end');
  }
}

/** Tests whole connections of the router's HTTP/2, each from its own seed. */
export class Http2FuzzTarget {
  /** Throws FuzzFailure. */
  tryOne(random: Random): void {
    this.trySeed(random.below(0x7fffffff));
  }

  /** Replays the connection of a reported failure. */
  trySeed(seed: number): void {
    const session = new Session(new Random(seed));
    try {
      session.run();
    } catch (error) {
      throw new FuzzFailure(`HTTP/2 connection of seed ${seed}`, Buffer.concat(session.input), error);
    }
  }
}

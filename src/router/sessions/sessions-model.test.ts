import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCborMap, encodeCbor } from '../../../test/support/cbor.ts';
import { FrameReader, frameBody } from '../../../test/support/framing.ts';
import { type Peer, RouterHarness } from '../../../test/support/router-harness.ts';
import type { Client } from '../client.ts';
import { ANONYMOUS } from '../identity.ts';

/** A client with a session, from the protocol only: it counts, keeps and repeats messages. */
class ModelClient {
  readonly received: number[] = [];
  private readonly harness: RouterHarness;
  private readonly client: Client;
  private readonly target: Client;
  private token: string;
  private peer: Peer | null = null;
  /** Bytes read from the router's stream. */
  private readBytes = 0;
  private reader = new FrameReader(1);
  /** Messages that the router has not acknowledged; the first `written` are on the stream. */
  private unacknowledged: number[] = [];
  private written = 0;
  private acknowledged = 0;
  /** Bytes in flight. */
  private inFlight = Buffer.alloc(0);
  lost = 0;

  constructor(harness: RouterHarness, target: Client) {
    this.harness = harness;
    this.target = target;
    this.client = harness.register();
    this.token = harness.core.sessions.open(this.client).token;
  }

  get id(): string {
    return this.client.id;
  }

  get isRemoved(): boolean {
    return this.client.removed;
  }

  get isOnline(): boolean {
    return this.peer !== null;
  }

  send(n: number): void {
    this.unacknowledged.push(n);
    this.flush();
  }

  acknowledge(): void {
    if (this.peer !== null) this.write({ type: 'heartbeat', payload: { received: this.received.length } });
  }

  /** Delivers all bytes in flight, in both directions. */
  deliver(): void {
    const { peer } = this;
    if (peer === null) return;
    const bytes = this.inFlight;
    this.inFlight = Buffer.alloc(0);
    if (bytes.length > 0) peer.sendBytes(bytes);
    this.harness.runTicks();
    this.read(Number.POSITIVE_INFINITY);
  }

  /** Cuts the connection: of the bytes in flight only the shares `up` and `down` (0 to 1) arrive. */
  lose(up: number, down: number): void {
    const { peer } = this;
    if (peer === null) return;
    const arrives = this.inFlight.subarray(0, Math.floor(up * this.inFlight.length));
    if (arrives.length > 0) peer.sendBytes(Buffer.from(arrives));
    this.inFlight = Buffer.alloc(0);
    this.harness.runTicks();
    const pending = Buffer.concat(peer.transport.batches).length - this.readBytes;
    this.read(Math.floor(down * pending));
    this.peer = null;
    this.harness.core.connectionClosed(peer.session.connection, 'connectionLost');
    peer.p2p.closed();
    this.harness.runTicks();
  }

  /** Registers again; `answerLost`: the first answer does not arrive, so the old token is used once more. */
  resume(answerLost: boolean): void {
    if (this.peer !== null || this.isRemoved) return;
    const { sessions } = this.harness.core;
    const connection = this.harness.connect();
    if (answerLost) sessions.resume(this.token, this.received.length, this.harness.connect(), ANONYMOUS, {});
    const answer = sessions.resume(this.token, this.received.length, connection, ANONYMOUS, {})?.answer;
    assert.ok(answer !== undefined, 'the session goes on');
    this.lost += answer.lost;
    this.token = answer.token;
    this.confirm(answer.received);
    this.written = 0;
    this.peer = this.harness.open(connection);
    this.readBytes = 0;
    this.reader = new FrameReader(1);
    this.write({ type: 'heartbeat', senderId: this.id, payload: { session: this.token } });
    this.flush();
  }

  start(): void {
    this.peer = this.harness.open(this.client.connection);
    this.write({ type: 'heartbeat', senderId: this.id, payload: { session: this.token } });
    this.deliver();
  }

  private flush(): void {
    if (this.peer === null) return;
    for (; this.written < this.unacknowledged.length; this.written++) {
      this.write({
        type: 'unicast',
        targetId: this.target.id,
        payload: { n: this.unacknowledged[this.written] as number },
      });
    }
  }

  private write(message: Parameters<typeof encodeCbor>[0]): void {
    this.inFlight = Buffer.concat([this.inFlight, frameBody(encodeCbor(message), 1)]);
  }

  private read(maxBytes: number): void {
    const all = Buffer.concat(this.peer?.transport.batches ?? []);
    const end = Math.min(all.length, this.readBytes + maxBytes);
    const bodies = this.reader.push(all.subarray(this.readBytes, end));
    this.readBytes = end;
    for (const body of bodies) {
      const { type, payload } = decodeCborMap(body) as { type: string; payload: { n: number; received?: number } };
      if (type === 'unicast') this.received.push(payload.n);
      else if (payload.received !== undefined) this.confirm(payload.received);
    }
  }

  private confirm(received: number): void {
    const count = received - this.acknowledged;
    this.unacknowledged.splice(0, count);
    this.written -= Math.max(0, count);
    this.acknowledged = Math.max(this.acknowledged, received);
  }
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('toClient' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fromClient' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), up: share, down: share }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('resume' as const), answerLost: fc.boolean() }) },
);

const isOrdered = (numbers: readonly number[]): boolean =>
  numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number));

for (const [name, sessionBufferBytes] of [
  ['with room for all messages', 1024 * 1024],
  ['with a buffer that overflows', 600],
] as const) {
  test(`property: sessions deliver exactly once and in order, ${name}`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const harness = new RouterHarness({ sessionBufferBytes });
        const bob = harness.join();
        const model = new ModelClient(harness, bob.client);
        model.start();
        const client = harness.core.registry.clients.get(model.id) ?? assert.fail();
        const atBob: number[] = [];
        let sentToClient = 0;
        let sentByClient = 0;
        const readBob = (): void => {
          for (const { payload } of bob.received()) atBob.push((payload as { n: number }).n);
        };
        const run = (it: (typeof steps)[number]): void => {
          if (it.kind === 'toClient')
            bob.send({ type: 'unicast', targetId: client.id, payload: { n: sentToClient++ } });
          else if (it.kind === 'fromClient') model.send(sentByClient++);
          else if (it.kind === 'deliver') model.deliver();
          else if (it.kind === 'acknowledge') model.acknowledge();
          else if (it.kind === 'sweep') harness.core.sessions.sweep();
          else if (it.kind === 'lose') model.lose(it.up, it.down);
          else model.resume(it.answerLost);
        };
        for (const it of steps) run(it);
        if (!model.isOnline) model.resume(false);
        model.deliver();
        // another resume reports losses after the last response
        model.lose(1, 1);
        model.resume(false);
        model.deliver();
        readBob();
        assert.deepEqual(
          atBob,
          Array.from({ length: sentByClient }, (_, n) => n),
          'from the client: all, once, in order',
        );
        assert.ok(isOrdered(model.received), `to the client: in order, once: ${model.received}`);
        if (sessionBufferBytes > 10_000) assert.equal(model.received.length, sentToClient);
        else assert.equal(model.received.length + model.lost, sentToClient, 'every missing message is reported, once');
      }),
      { numRuns: 300 },
    );
  });
}

/** Exchanges three messages each way; of the bytes in flight at the loss only `up` and `down` (0 to 1) arrive. */
function exchange(up: number, down: number): { atBob: number[]; atClient: number[] } {
  const harness = new RouterHarness();
  const bob = harness.join();
  const model = new ModelClient(harness, bob.client);
  model.start();
  for (let n = 0; n < 3; n++) {
    model.send(n);
    bob.send({ type: 'unicast', targetId: model.id, payload: { n } });
  }
  model.acknowledge();
  model.lose(up, down);
  model.resume(false);
  model.deliver();
  const atBob = bob.received().map(({ payload }) => (payload as { n: number }).n);
  return { atBob, atClient: model.received };
}

test('a connection lost at every byte position of an exchange: every message arrives once and in order', () => {
  const POSITIONS = 600; // more than the bytes of either direction
  for (let i = 0; i <= POSITIONS; i++) {
    for (const [up, down] of [
      [i / POSITIONS, 1],
      [1, i / POSITIONS],
      [i / POSITIONS, 1 - i / POSITIONS],
    ] as const) {
      assert.deepEqual(exchange(up, down), { atBob: [0, 1, 2], atClient: [0, 1, 2] }, `${up} up, ${down} down`);
    }
  }
});

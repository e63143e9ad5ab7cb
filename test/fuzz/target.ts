import assert from 'node:assert/strict';
import { metadataFilter } from '../../src/router/index.ts';
import { decodeEntry, findValue, MessageScanner, mapEntries, mapWithout, ScanResult } from '../../src/wire/index.ts';
import { frameBody, prefix } from '../support/framing.ts';
import { type Peer, RouterHarness } from '../support/router-harness.ts';
import { VECTORS, vectorFor } from '../support/vectors.ts';
import { mutated, type Random } from './mutate.ts';
import { judgeMessage, type Verdict } from './validator.ts';

/** The bytes that made the router fail. */
export class FuzzFailure extends Error {
  constructor(what: string, input: Buffer, cause: unknown) {
    super(`${what} ${input.toString('hex')}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const CODES: Readonly<Record<Verdict, number>> = ScanResult;
const KEYS = ['requestId', 'timeoutMs', 'metadata', 'a', ''].map((key) => Buffer.from(key));

/** A router with two clients of different framings: the first sends invalid input, which must not affect the second. */
export class FuzzTarget {
  private readonly harness = new RouterHarness();
  private readonly sender: Peer = this.harness.join({ framing: 2, groups: ['developers'] });
  private readonly receiver: Peer = this.harness.join({ framing: 1, groups: ['developers'] });
  /** Opens a stream for each try, and binds it if the bytes contain an id. */
  private readonly visitor = this.harness.register();
  private readonly scanner = new MessageScanner();
  private readonly messageSeeds = this.seedsFrom(this.sender.id);
  private readonly streamSeeds = this.seedsFrom(this.visitor.id);

  /** Tests one mutation of a message and one of a whole stream; throws FuzzFailure. */
  tryOne(random: Random): void {
    const body = mutated(random, this.messageSeeds);
    attempt('message', body, () => this.tryMessage(body));
    const messages = [random.pick(this.streamSeeds), random.pick(this.streamSeeds)];
    const stream = mutated(random, [Buffer.concat(messages.map(prefixed(random)))]);
    attempt('stream', stream, () => this.tryStream(stream, random));
  }

  /** Asserts that a well-formed message is accepted and forwarded unchanged, and any other gets an error and is not delivered. */
  tryMessage(body: Buffer): void {
    const verdict = judgeMessage(body);
    assert.equal(this.scanner.scan(body, 0, body.length), CODES[verdict], `expected ${verdict}`);
    this.tryReaders(body, verdict);
    this.sender.sendBytes(frameBody(body, 2));
    const delivered = this.receiver.bodies();
    const answers = this.sender.received();
    assert.equal(this.sender.transport.ended, null);
    if (verdict === 'ok') {
      for (const copy of delivered) this.assertPassedOn(body, copy);
    } else {
      assert.equal(delivered.length, 0, 'delivered');
      assert.deepEqual(
        answers.map(({ type }) => type),
        ['error'],
      );
    }
  }

  /** Random bytes in random chunks: the stream may end, nothing may throw or retain memory. */
  tryStream(bytes: Buffer, random: Random): void {
    const before = this.harness.core.budget.usedBytes;
    const peer = this.harness.open(this.visitor.connection);
    for (let pos = 0; pos < bytes.length; ) {
      const next = pos + 1 + random.below(bytes.length);
      peer.p2p.receive(bytes, pos, Math.min(next, bytes.length));
      pos = next;
    }
    peer.p2p.halfClosed();
    this.harness.runTicks();
    peer.p2p.closed();
    assert.equal(this.harness.core.budget.usedBytes, before, 'memory kept');
    assert.ok(this.visitor.stream === null);
    for (const other of [this.sender, this.receiver]) other.bodies();
  }

  /** Recorded messages from `sender` to the receiver, and malformed bodies. */
  private seedsFrom(sender: string): readonly Buffer[] {
    return [
      ...VECTORS.messages.map(({ name }) => vectorFor(name, sender, this.receiver.id)),
      ...VECTORS.malformed_bodies.map(({ body }) => Buffer.from(body, 'hex')).filter(({ length }) => length > 0),
    ];
  }

  /** The readers of unary calls and payloads receive complete bodies; payloads were scanned before. */
  private tryReaders(body: Buffer, verdict: Verdict): void {
    const entries = mapEntries(body, 0, body.length);
    for (const { key } of entries ?? []) decodeEntry(body, entries ?? [], key);
    mapWithout(body, 'type');
    metadataFilter(body);
    if (verdict === 'ok') for (const key of KEYS) findValue(body, 0, body.length, key);
  }

  private assertPassedOn(body: Buffer, copy: Buffer): void {
    assert.equal(judgeMessage(copy), 'ok');
    const { scanner } = this;
    scanner.scan(copy, 0, copy.length);
    assert.equal(copy.toString('utf8', scanner.senderStart, scanner.senderEnd), this.sender.id);
    const payload = scanner.payloadStart < 0 ? '' : copy.toString('hex', scanner.payloadStart, scanner.payloadEnd);
    scanner.scan(body, 0, body.length);
    assert.equal(
      payload,
      scanner.payloadStart < 0 ? '' : body.toString('hex', scanner.payloadStart, scanner.payloadEnd),
    );
  }
}

function prefixed(random: Random): (body: Buffer) => Buffer {
  return (body) => (random.below(2) === 0 ? prefix(body) : prefix(prefix(body)));
}

function attempt(what: string, input: Buffer, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new FuzzFailure(what, input, error);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'cborg';
import fc from 'fast-check';
import { container, headIn, type RandomItem, readableItem, readableMap } from '../../test/fuzz/random-cbor.ts';
import { judgeMessage } from '../../test/fuzz/validator.ts';
import { encodeCbor } from '../../test/support/cbor.ts';
import { frameBody } from '../../test/support/framing.ts';
import { encodeText } from './encode.ts';
import { ForwardedMessage } from './forward.ts';
import { DOUBLE, type Framing, SINGLE } from './framing.ts';
import { MessageScanner, ScanResult } from './scan-message.ts';

const scanner = new MessageScanner();
const forwarded = new ForwardedMessage();
const SENDER = 'client_0';
const SENDER_ITEM = encodeText(SENDER);

const item = (bytes: Buffer): RandomItem => ({ bytes, readable: true, plain: true });
const textKey = (key: string, form: number): RandomItem =>
  item(Buffer.concat([headIn(3, BigInt(key.length), form), Buffer.from(key)]));
const form = fc.nat(4);

/** The senderId that a client may have written, or none. */
const claimed = fc.option(
  fc.tuple(form, fc.constantFrom<readonly Buffer[]>([encodeText('other')], [Buffer.from([0xf6])], [encodeText('')])),
);

/** Messages: a payload, a senderId or none, and other entries, in any order and any valid form. */
const message = fc
  .record({
    payload: readableMap,
    others: fc.array(readableItem, { maxLength: 30 }),
    claimed,
    indefinite: fc.boolean(),
    form,
  })
  .chain((parts) => {
    const entries: RandomItem[][] = parts.others.map((value, i) => [textKey(`other${i}`, parts.form), value]);
    entries.push([textKey('payload', parts.form), parts.payload]);
    if (parts.claimed !== null) {
      entries.push([textKey('senderId', parts.claimed[0]), item(parts.claimed[1][0] as Buffer)]);
    }
    const shape = { major: 5, indefinite: parts.indefinite, form: parts.form } as const;
    return fc.shuffledSubarray(entries, { minLength: entries.length }).map((shuffled) => ({
      payload: parts.payload.bytes,
      plain: parts.payload.plain && parts.others.every((other) => other.plain),
      body: container(shape, shuffled.flat()).bytes,
    }));
  });

const whole = fc.boolean();

/** A body between other bytes, preceded by its prefixes. */
function received(body: Buffer, isWhole: boolean): { bytes: Buffer; start: number; end: number } {
  const framed = frameBody(body, isWhole ? 2 : 1);
  const bytes = Buffer.concat([Buffer.alloc(3, 0xee), framed, Buffer.alloc(2, 0xee)]);
  return { bytes, start: 3 + framed.length - body.length, end: 3 + framed.length };
}

function assertFramed(body: Buffer): void {
  assert.deepEqual(forwarded.framed(SINGLE), frameBody(body, 1));
  assert.deepEqual(forwarded.framed(DOUBLE), frameBody(body, 2));
}

test('ForwardedMessage: an unchanged message has the same bytes in both framings', () => {
  fc.assert(
    fc.property(message, whole, ({ body }, isWhole) => {
      const { bytes, start, end } = received(body, isWhole);
      forwarded.take(bytes, start, end, isWhole ? 2 : 1);
      assert.equal(forwarded.bodyBytes, body.length);
      assertFramed(body);
    }),
  );
});

test('ForwardedMessage: splices in the senderId and keeps all other bytes', () => {
  fc.assert(
    fc.property(message, whole, ({ body, payload, plain }, isWhole) => {
      const { bytes, start, end } = received(body, isWhole);
      const before = Buffer.from(bytes);
      assert.equal(scanner.scan(bytes, start, end), ScanResult.ok);
      forwarded.takeWithSender(bytes, start, end, scanner, SENDER_ITEM);
      const out = Buffer.from(forwarded.framed(SINGLE).subarray(5));
      assert.equal(forwarded.bodyBytes, out.length);
      assertFramed(out);
      assert.deepEqual(bytes, before, 'the bytes that came in are not written to');

      assert.equal(judgeMessage(out), 'ok');
      assert.equal(scanner.scan(out, 0, out.length), ScanResult.ok);
      assert.equal(out.toString('utf8', scanner.senderStart, scanner.senderEnd), SENDER);
      assert.deepEqual(out.subarray(scanner.payloadStart, scanner.payloadEnd), payload);
      if (plain) {
        const expected = decode(body, { useMaps: true }) as Map<string, unknown>;
        assert.deepEqual(decode(out, { useMaps: true }), expected.set('senderId', SENDER));
      }
    }),
    { numRuns: 300 },
  );
});

test('ForwardedMessage: builds each framing at most once', () => {
  const body = encodeCbor({ type: 'broadcast' });
  for (const [isWhole, shares] of [
    [true, [SINGLE, DOUBLE]],
    [false, [SINGLE]],
  ] as const) {
    const { bytes, start, end } = received(body, isWhole);
    forwarded.take(bytes, start, end, isWhole ? 2 : 1);
    for (const framing of [SINGLE, DOUBLE]) {
      assert.equal(forwarded.framed(framing), forwarded.framed(framing), 'the same buffer for each receiver');
      const isShared =
        forwarded.framed(framing).buffer === bytes.buffer && forwarded.framed(framing).byteOffset >= bytes.byteOffset;
      if ((shares as readonly Framing[]).includes(framing)) assert.ok(isShared);
    }
  }
});

test('ForwardedMessage: widens the map head if the count requires it', () => {
  for (const count of [22, 23, 24, 255, 256]) {
    const entries = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    const { bytes, start, end } = received(encodeCbor(entries), false);
    scanner.scan(bytes, start, end);
    forwarded.takeWithSender(bytes, start, end, scanner, SENDER_ITEM);
    assert.deepEqual({ ...(decode(forwarded.framed(SINGLE).subarray(5)) as object) }, { ...entries, senderId: SENDER });
  }
});

test('ForwardedMessage: messages do not affect each other', () => {
  const bodies = [encodeCbor({ a: 1 }), encodeCbor({ b: 22222 })];
  for (const body of bodies) {
    const { bytes, start, end } = received(body, false);
    forwarded.take(bytes, start, end, 1);
    assert.deepEqual([forwarded.framed(DOUBLE), forwarded.framed(SINGLE)], [frameBody(body, 2), frameBody(body, 1)]);
    forwarded.clear();
  }
});

test('ForwardedMessage: other framings are encoded once per message, with the bytes as they came', () => {
  const body = encodeCbor({ a: 1 });
  let calls = 0;
  const reversed: Framing = {
    frame: (bytes, start, end, prefixes) => {
      calls++;
      assert.equal(prefixes, 2);
      return Buffer.from(bytes.subarray(start, end)).reverse();
    },
    bodyStart: () => 0,
  };
  for (let n = 1; n <= 2; n++) {
    const { bytes, start, end } = received(body, true);
    forwarded.take(bytes, start, end, 2);
    assert.deepEqual(forwarded.framed(reversed), Buffer.from(body).reverse());
    assert.equal(forwarded.framed(reversed), forwarded.framed(reversed), 'the same buffer for each receiver');
    assert.equal(calls, n);
  }
});

test('ForwardedMessage: several other framings in turn are encoded once each', () => {
  const calls = [0, 0, 0];
  const framings = calls.map((_, index): Framing => {
    const frame: Framing['frame'] = (bytes, start, end) => {
      calls[index] = (calls[index] ?? 0) + 1;
      return Buffer.concat([Buffer.from([index]), bytes.subarray(start, end)]);
    };
    return { frame, bodyStart: () => 1 };
  });
  const { bytes, start, end } = received(encodeCbor({ a: 1 }), true);
  forwarded.take(bytes, start, end, 2);
  for (let round = 0; round < 3; round++) {
    for (const [index, framing] of framings.entries()) assert.equal(forwarded.framed(framing)[0], index);
  }
  assert.deepEqual(calls, [1, 1, 1]);
});

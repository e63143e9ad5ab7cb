import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Double, type Encodable, encodeCbor, Raw } from '../../test/support/cbor.ts';
import { VECTOR_SENDER, VECTOR_TARGET, VECTORS, vector } from '../../test/support/vectors.ts';
import { encodeText } from './encode.ts';
import { TypeCode } from './message-types.ts';
import { EncodedId } from './scan-item.ts';
import { MessageScanner, ScanResult } from './scan-message.ts';

const { ok, malformed, unreadable } = ScanResult;
const scanner = new MessageScanner();

/** Scans `body` between other bytes; positions in the scanner then count from `AT`. */
const AT = 7;
function scan(body: Buffer): number {
  const bytes = Buffer.concat([Buffer.alloc(AT), body, Buffer.alloc(3, 0xff)]);
  return scanner.scan(bytes, AT, AT + body.length);
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const text = (body: Buffer, start: number, end: number): string => body.toString('utf8', start - AT, end - AT);

/** A definite-length map of the given entries; keys may be duplicate and in any order. */
function entries(...pairs: readonly (readonly [string, Encodable])[]): Buffer {
  const items = pairs.flatMap(([key, value]) => [encodeCbor(key), encodeCbor(value)]);
  return Buffer.concat([Buffer.from([0xa0 | pairs.length]), ...items]);
}

test('MessageScanner: accepts every recorded message', () => {
  for (const { name, cbor } of VECTORS.messages) assert.equal(scan(hex(cbor)), ok, name);
});

test('MessageScanner: rejects every recorded malformed body except an unknown type', () => {
  for (const { name, body } of VECTORS.malformed_bodies) {
    assert.equal(scan(hex(body)), name === 'unknown-type' ? ok : malformed, name);
  }
  assert.equal(scanner.type, TypeCode.unknown);
});

test('MessageScanner: rejects values that Dart cannot read', () => {
  for (const { name, value } of VECTORS.never_send) {
    if (name !== 'timestamp-as-float')
      assert.equal(scan(entries(['payload', { x: new Raw(value) }])), unreadable, name);
    else assert.equal(scan(entries(['timestamp', new Raw(value)])), malformed, name);
  }
});

test('MessageScanner: a truncated message is malformed', () => {
  for (const { name, cbor } of VECTORS.messages) {
    const body = hex(cbor);
    for (let end = 0; end < body.length; end++)
      assert.equal(scan(body.subarray(0, end)), malformed, `${name} of ${end}`);
  }
});

test('MessageScanner: trailing bytes are malformed', () => {
  for (const { name, cbor } of VECTORS.messages) {
    for (const tail of ['00', 'ff']) assert.equal(scan(hex(cbor + tail)), malformed, name);
  }
});

test('MessageScanner: locates the fields of a unicast', () => {
  for (const name of ['unicast-odd-payload', 'unicast-unsorted-keys', 'unicast-indefinite-map']) {
    const body = vector(name);
    assert.equal(scan(body), ok);
    assert.equal(scanner.type, TypeCode.unicast);
    assert.equal(scanner.hasType, true);
    assert.equal(text(body, scanner.targetStart, scanner.targetEnd), VECTOR_TARGET);
    assert.equal((body[scanner.payloadStart - AT] as number) >> 5, 5, 'payload is a map');
    assert.equal(scanner.groupStart, -1);
    assert.equal(scanner.indefinite, name === 'unicast-indefinite-map');
    const hasSender = name === 'unicast-odd-payload';
    assert.equal(scanner.senderStart >= 0, hasSender);
    if (hasSender) assert.equal(text(body, scanner.senderStart, scanner.senderEnd), VECTOR_SENDER);
  }
});

test('MessageScanner: maps each type to its code, others to unknown', () => {
  for (const [name, code] of Object.entries(TypeCode)) {
    assert.equal(scan(entries(['type', name])), ok);
    assert.deepEqual([scanner.type, scanner.hasType], [code, true], name);
  }
  for (const name of ['', 'Unicast', 'unicast ', 'unicas', 'requestt', 'x'.repeat(300)]) {
    assert.equal(scan(entries(['type', name])), ok);
    assert.deepEqual([scanner.type, scanner.hasType], [TypeCode.unknown, true], name);
  }
});

test('MessageScanner: a scan resets all fields', () => {
  scan(vector('unicast-odd-payload'));
  assert.equal(scan(hex('a0')), ok);
  const { type, hasType, senderItemStart, senderStart, targetStart, groupStart, payloadStart } = scanner;
  assert.deepEqual([type, hasType], [TypeCode.unknown, false]);
  assert.deepEqual([senderItemStart, senderStart, targetStart, groupStart, payloadStart], [-1, -1, -1, -1, -1]);
});

const VALUES: Record<string, Encodable> = {
  text: 'x',
  'tagged text': new Raw('d81f6178'),
  integer: 5,
  'negative integer': -1,
  float: new Double(5),
  true: true,
  false: false,
  null: null,
  bytes: Buffer.from('x'),
  array: [],
  map: {},
  'indefinite map': new Raw('bfff'),
  'tagged map': new Raw('c6a0'),
};
const TEXTS = ['text', 'tagged text', 'null'];
const ACCEPTED: Record<string, readonly string[]> = {
  type: TEXTS,
  senderId: TEXTS,
  targetId: TEXTS,
  groupName: TEXTS,
  errorMessage: TEXTS,
  payload: ['map', 'indefinite map', 'tagged map', 'null'],
  timestamp: ['integer', 'negative integer', 'null'],
  success: ['true', 'false', 'null'],
  another: Object.keys(VALUES),
};

for (const [field, accepted] of Object.entries(ACCEPTED)) {
  test(`MessageScanner: ${field} accepts only ${accepted.join(', ')}`, () => {
    for (const [name, value] of Object.entries(VALUES)) {
      assert.equal(scan(entries([field, value])), accepted.includes(name) ? ok : malformed, name);
    }
  });

  test(`MessageScanner: a duplicate ${field} is ${field === 'another' ? 'accepted' : 'malformed, since decoders disagree on it'}`, () => {
    const value = VALUES[accepted[0] as string] as Encodable;
    for (const pair of [
      [value, value],
      [null, value],
      [value, null],
    ] as const) {
      const body = entries([field, pair[0]], ['x', 1], [field, pair[1]]);
      assert.equal(scan(body), field === 'another' ? ok : malformed);
    }
  });
}

test('MessageScanner: compares whole field names', () => {
  for (const field of Object.keys(ACCEPTED)) {
    for (const name of [`${field}x`, field.slice(1), field.toUpperCase(), ` ${field}`, `${field.slice(0, -1)}~`]) {
      assert.equal(scan(entries([name, [1]])), ok, name);
    }
  }
});

test('MessageScanner: accepts every length form of a key', () => {
  const forms = ['7808', '790008', '7a00000008', '7b0000000000000008'];
  for (const form of forms) {
    const body = Buffer.concat([hex('a1'), hex(form), Buffer.from('targetId'), hex('6161')]);
    assert.equal(scan(body), ok);
    assert.equal(text(body, scanner.targetStart, scanner.targetEnd), 'a', form);
  }
});

test('MessageScanner: rejects keys that are not text', () => {
  for (const key of ['00', '4161', 'f6', '80', 'c66161', '7f6161ff']) {
    assert.notEqual(scan(hex(`a1${key}00`)), ok, key);
  }
  assert.equal(scan(hex('a161ff00')), malformed, 'not UTF-8');
});

test('MessageScanner: locates a null or tagged senderId as an item', () => {
  const body = entries(['senderId', null]);
  assert.equal(scan(body), ok);
  assert.equal(scanner.senderStart, -1);
  assert.equal(text(body, scanner.senderItemStart, scanner.senderItemEnd), '\ufffd');
  scan(entries(['senderId', new Raw('d81f6178')]));
  assert.equal(scanner.senderItemEnd - scanner.senderItemStart, 4);
  assert.equal(scanner.senderEnd - scanner.senderStart, 1);
});

test('MessageScanner: recognises expected ids in their own fields only, at the same positions', () => {
  const known = new MessageScanner();
  known.expectedSender = new EncodedId(encodeText(VECTOR_SENDER));
  known.expectedTarget = new EncodedId(encodeText(VECTOR_TARGET));
  for (const [senderId, targetId] of [
    [VECTOR_SENDER, VECTOR_TARGET],
    [VECTOR_TARGET, VECTOR_SENDER],
    [`${VECTOR_SENDER}x`, VECTOR_TARGET.slice(1)],
    [null, null],
  ] as const) {
    const body = entries(['type', 'unicast'], ['senderId', senderId], ['targetId', targetId]);
    assert.equal(known.scan(body, 0, body.length), ok);
    assert.equal(known.isExpectedSender, senderId === VECTOR_SENDER);
    assert.equal(known.isExpectedTarget, targetId === VECTOR_TARGET);
    const plain = new MessageScanner();
    plain.scan(body, 0, body.length);
    const keys = ['senderItemStart', 'senderItemEnd', 'senderStart', 'senderEnd', 'targetStart', 'targetEnd'] as const;
    for (const key of keys) assert.equal(known[key], plain[key], key);
  }
});

test('MessageScanner: a message truncated within an expected id is malformed', () => {
  scanner.expectedSender = new EncodedId(encodeText(VECTOR_SENDER));
  const body = entries(['senderId', VECTOR_SENDER]);
  assert.equal(scanner.scan(body, 0, body.length - 1), malformed);
  scanner.expectedSender = null;
});

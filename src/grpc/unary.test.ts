import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encodeCbor, Raw } from '../../test/support/cbor.ts';
import { frameBody, frameTogether, prefix } from '../../test/support/framing.ts';
import type { ServerCall } from './call.ts';
import {
  checkProfile,
  integerField,
  mapField,
  textField,
  textListField,
  UnaryHandler,
  type UnaryRequest,
} from './unary.ts';

interface Outcome {
  readonly requests: UnaryRequest[];
  readonly ends: [string, string][];
  heldBytes: number;
}

function makeHandler(budgetBytes = Number.POSITIVE_INFINITY): { handler: UnaryHandler; outcome: Outcome } {
  const outcome: Outcome = { requests: [], ends: [], heldBytes: 0 };
  const call = { end: (code: string, details: string) => outcome.ends.push([code, details]) } as unknown as ServerCall;
  const handler = new UnaryHandler(call, {
    maxMessageBytes: 10_000,
    holdBytes: (change) => {
      if (change > 0 && outcome.heldBytes + change > budgetBytes) return false;
      outcome.heldBytes += change;
      return true;
    },
    run: (request) => outcome.requests.push(request),
  });
  return { handler, outcome };
}

/** Hands the bytes over in pieces, then the end. */
function feed(bytes: Buffer, pieceBytes = bytes.length): Outcome {
  const { handler, outcome } = makeHandler();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    handler.receive(bytes, at, Math.min(bytes.length, at + pieceBytes));
  }
  handler.halfClosed();
  handler.closed();
  return outcome;
}

const BODY = encodeCbor({ v: 1, text: 'x'.repeat(300) });

for (const framing of [1, 2] as const) {
  for (const pieceBytes of [1, 7, 1000]) {
    test(`a request framed ${framing} times, in pieces of ${pieceBytes}, runs once, at its end`, () => {
      const { requests, ends, heldBytes } = feed(frameBody(BODY, framing), pieceBytes);
      assert.deepEqual([requests.length, ends.length, heldBytes], [1, 0, 0]);
      assert.deepEqual([requests[0]?.framing, requests[0]?.bytes], [framing, BODY]);
    });
  }
}

test('a request that is not completed in time is given up, and what was held of it with it', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { handler, outcome } = makeHandler();
  const bytes = frameBody(BODY, 1);
  handler.receive(bytes, 0, 100);
  mock.timers.tick(29_999);
  handler.receive(bytes, 100, 200);
  assert.deepEqual(outcome.ends, []);
  mock.timers.tick(1);
  assert.deepEqual(outcome.ends, [['DEADLINE_EXCEEDED', 'The request was not completed in time']]);
  handler.receive(bytes, 200, bytes.length);
  handler.halfClosed();
  assert.deepEqual([outcome.requests.length, outcome.heldBytes, outcome.ends.length], [0, 0, 1]);
});

const REFUSED: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['half a prefix', Buffer.from([0, 0])],
  ['a cut message', frameBody(BODY, 1).subarray(0, 50)],
  ['an empty message', prefix(Buffer.alloc(0))],
  ['a list', prefix(Buffer.from('80', 'hex'))],
  ['a map that is cut', prefix(Buffer.from('a2617601', 'hex'))],
  ['integer keys', prefix(Buffer.from('a10102', 'hex'))],
  ['a key twice', prefix(Buffer.from('a2617601617602', 'hex'))],
  ['two messages', Buffer.concat([prefix(BODY), prefix(BODY)])],
  ['two inner frames', frameTogether([BODY, BODY])],
];

for (const [name, bytes] of REFUSED) {
  test(`${name}: INVALID_ARGUMENT once, and nothing runs`, () => {
    const { requests, ends, heldBytes } = feed(bytes);
    assert.deepEqual([requests.length, ends.length, heldBytes], [0, 1, 0]);
    assert.equal(ends[0]?.[0], 'INVALID_ARGUMENT');
    assert.ok((ends[0]?.[1].length ?? 0) > 5);
  });
}

test('the compressed flag without an encoding: INTERNAL once, and nothing runs', () => {
  const { requests, ends, heldBytes } = feed(prefix(BODY, 1));
  assert.deepEqual([requests.length, ends.length, heldBytes], [0, 1, 0]);
  assert.equal(ends[0]?.[0], 'INTERNAL');
});

test('too large, and no room for it: RESOURCE_EXHAUSTED', () => {
  const { ends } = feed(prefix(Buffer.alloc(10_006)));
  assert.deepEqual(ends[0]?.[0], 'RESOURCE_EXHAUSTED');
  const { handler, outcome } = makeHandler(100);
  handler.receive(prefix(Buffer.alloc(5000)), 0, 4000);
  assert.deepEqual(outcome.ends[0]?.[0], 'RESOURCE_EXHAUSTED');
  assert.equal(outcome.heldBytes, 0);
});

test('a call that is over gives back what it held', () => {
  const { handler, outcome } = makeHandler();
  handler.receive(prefix(BODY), 0, 100);
  assert.ok(outcome.heldBytes > 0);
  handler.closed();
  assert.equal(outcome.heldBytes, 0);
});

const requestOf = (value: Encodable): UnaryRequest => feed(prefix(encodeCbor(value))).requests[0] as UnaryRequest;

test('fields: absent and null are the same, other types are told', () => {
  const request = requestOf({ name: 'ё', nothing: null, list: ['a', 'b'], map: { x: 1 }, number: 5, mixed: ['a', 1] });
  assert.deepEqual(
    [textField(request, 'name'), textField(request, 'nothing'), textField(request, 'none')],
    ['ё', null, null],
  );
  assert.deepEqual([textListField(request, 'list'), textListField(request, 'nothing')], [['a', 'b'], null]);
  assert.deepEqual([mapField(request, 'map'), mapField(request, 'nothing')], [encodeCbor({ x: 1 }), null]);
  assert.throws(() => textField(request, 'number'), /number must be a text/);
  assert.throws(() => textListField(request, 'mixed'), /mixed must be a list of texts/);
  assert.throws(() => textListField(request, 'name'), /name must be a list of texts/);
  assert.throws(() => mapField(request, 'list'), /list must be a map with text keys/);
});

test('integers are echoed exactly, also beyond 2^53; a double is none', () => {
  const request = requestOf({
    small: -7,
    big: 9_007_199_254_740_993n,
    double: new Raw('fb3ff8000000000000'),
    text: '1',
  });
  assert.equal(integerField(request, 'small'), -7);
  const big = integerField(request, 'big');
  assert.ok(typeof big === 'object');
  assert.equal(Buffer.from(big.bytes).toString('hex'), '1b0020000000000001');
  for (const key of ['double', 'text', 'none']) assert.throws(() => integerField(request, key), /must be an integer/);
});

test('profiles are measured in bytes, at the limit and beyond it', () => {
  const empty = Buffer.from([0xa0]);
  assert.equal(checkProfile('ё'.repeat(128), [], empty, 1), null);
  assert.match(checkProfile('ё'.repeat(129), [], empty, 1) ?? '', /clientName too long: at most 256 bytes/);
  assert.match(checkProfile(null, ['a', 'b'], empty, 1) ?? '', /Too many groups: at most 1/);
  assert.match(checkProfile(null, ['x'.repeat(257)], empty, 1) ?? '', /Group name too long/);
  assert.equal(checkProfile(null, [], Buffer.alloc(64 * 1024), 1), null);
  assert.match(checkProfile(null, [], Buffer.alloc(64 * 1024 + 1), 1) ?? '', /Metadata too large: at most 65536 bytes/);
});

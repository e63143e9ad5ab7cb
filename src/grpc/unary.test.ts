import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../test/support/cbor.ts';
import { frameBody, frameTogether, prefix } from '../../test/support/framing.ts';
import { DOUBLE, type Framing } from '../wire/index.ts';
import type { ServerCall } from './call.ts';
import { UnaryHandler } from './unary.ts';

interface UnaryRequest {
  readonly bytes: Buffer;
  readonly framing: Framing;
}

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
    memory: {
      reserve: (bytes) => {
        if (outcome.heldBytes + bytes > budgetBytes) return false;
        outcome.heldBytes += bytes;
        return true;
      },
      release: (bytes) => {
        outcome.heldBytes -= bytes;
      },
    },
    run: (bytes, framing) => outcome.requests.push({ bytes, framing }),
  });
  return { handler, outcome };
}

/** Passes the bytes in chunks, then the end. */
function feed(bytes: Buffer, chunkBytes = bytes.length): Outcome {
  const { handler, outcome } = makeHandler();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    handler.receive(bytes, at, Math.min(bytes.length, at + chunkBytes));
  }
  handler.halfClosed();
  handler.closed();
  return outcome;
}

const BODY = encodeCbor({ v: 1, text: 'x'.repeat(300) });

for (const framing of [1, 2] as const) {
  for (const chunkBytes of [1, 7, 1000]) {
    test(`UnaryHandler: a request framed ${framing} times, in chunks of ${chunkBytes}, runs once, at its end`, () => {
      const { requests, ends, heldBytes } = feed(frameBody(BODY, framing), chunkBytes);
      assert.deepEqual([requests.length, ends.length, heldBytes], [1, 0, 0]);
      assert.deepEqual([requests[0]?.framing === DOUBLE, requests[0]?.bytes], [framing === 2, BODY]);
    });
  }
}

test('UnaryHandler: a request not completed in time ends, and its memory is released', ({ mock }) => {
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
  ['two messages', Buffer.concat([prefix(BODY), prefix(BODY)])],
  ['two inner frames', frameTogether([BODY, BODY])],
];

for (const [name, bytes] of REFUSED) {
  test(`UnaryHandler: ${name}: INVALID_ARGUMENT once, and nothing runs`, () => {
    const { requests, ends, heldBytes } = feed(bytes);
    assert.deepEqual([requests.length, ends.length, heldBytes], [0, 1, 0]);
    assert.equal(ends[0]?.[0], 'INVALID_ARGUMENT');
    assert.ok((ends[0]?.[1].length ?? 0) > 5);
  });
}

test('UnaryHandler: the compressed flag without an encoding: INTERNAL once, and nothing runs', () => {
  const { requests, ends, heldBytes } = feed(prefix(BODY, 1));
  assert.deepEqual([requests.length, ends.length, heldBytes], [0, 1, 0]);
  assert.equal(ends[0]?.[0], 'INTERNAL');
});

test('UnaryHandler: too large, or out of memory: RESOURCE_EXHAUSTED', () => {
  const { ends } = feed(prefix(Buffer.alloc(10_006)));
  assert.deepEqual(ends[0]?.[0], 'RESOURCE_EXHAUSTED');
  const { handler, outcome } = makeHandler(100);
  handler.receive(prefix(Buffer.alloc(5000)), 0, 4000);
  assert.deepEqual(outcome.ends[0]?.[0], 'RESOURCE_EXHAUSTED');
  assert.equal(outcome.heldBytes, 0);
});

test('UnaryHandler: a closed call releases its memory', () => {
  const { handler, outcome } = makeHandler();
  handler.receive(prefix(BODY), 0, 100);
  assert.ok(outcome.heldBytes > 0);
  handler.closed();
  assert.equal(outcome.heldBytes, 0);
});

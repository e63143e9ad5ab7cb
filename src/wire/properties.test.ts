import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'cborg';
import fc from 'fast-check';
import { anyItem, readableItem, readableMap } from '../../test/fuzz/random-cbor.ts';
import { judgeItem, judgeMessage } from '../../test/fuzz/validator.ts';
import { encodeText } from './encode.ts';
import { MALFORMED, skipItem, UNREADABLE } from './scan-item.ts';
import { MessageScanner, ScanResult } from './scan-message.ts';

const EXPECTED = { ok: ScanResult.ok, malformed: MALFORMED, unreadable: UNREADABLE };
const scanner = new MessageScanner();

test('skipItem: skips well-formed items, unreadable ones as Dart defines them', () => {
  fc.assert(
    fc.property(anyItem, fc.uint8Array({ maxLength: 3 }), ({ bytes, readable }, tail) => {
      const input = Buffer.concat([bytes, tail]);
      assert.equal(skipItem(input, 0, input.length, 0), readable ? bytes.length : UNREADABLE, bytes.toString('hex'));
      assert.equal(judgeItem(bytes), readable ? 'ok' : 'unreadable');
    }),
    { numRuns: 300 },
  );
});

test('skipItem: cborg decodes every accepted item', () => {
  fc.assert(
    fc.property(readableItem, ({ bytes, plain }) => {
      fc.pre(plain);
      assert.equal(skipItem(bytes, 0, bytes.length, 0), bytes.length);
      decode(bytes, { useMaps: true });
    }),
    { numRuns: 300 },
  );
});

test('skipItem: a truncated item is malformed', () => {
  fc.assert(
    fc.property(readableItem, fc.nat(), ({ bytes }, at) => {
      const end = at % bytes.length;
      assert.equal(skipItem(bytes, 0, end, 0), MALFORMED);
    }),
  );
});

test('skipItem: agrees with the simple validator on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (array) => {
      const bytes = Buffer.from(array);
      const itemEnd = skipItem(bytes, 0, bytes.length, 0);
      const found = itemEnd < 0 ? itemEnd : itemEnd === bytes.length ? ScanResult.ok : MALFORMED;
      assert.equal(found, EXPECTED[judgeItem(bytes)], bytes.toString('hex'));
    }),
    { numRuns: 3000 },
  );
});

test('MessageScanner: accepts any map with text keys and locates the payload', () => {
  fc.assert(
    fc.property(readableMap, readableMap, (extra, payload) => {
      const body = Buffer.concat([
        Buffer.from([0xa2]),
        encodeText('extra'),
        extra.bytes,
        encodeText('payload'),
        payload.bytes,
      ]);
      assert.equal(scanner.scan(body, 0, body.length), ScanResult.ok);
      assert.equal(judgeMessage(body), 'ok');
      assert.equal(body.toString('hex', scanner.payloadStart, scanner.payloadEnd), payload.bytes.toString('hex'));
    }),
  );
});

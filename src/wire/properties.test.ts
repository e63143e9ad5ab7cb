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

test('a well-formed item is skipped to its end, or unreadable where it holds what Dart cannot read', () => {
  fc.assert(
    fc.property(anyItem, fc.uint8Array({ maxLength: 3 }), ({ bytes, readable }, tail) => {
      const input = Buffer.concat([bytes, tail]);
      assert.equal(skipItem(input, 0, input.length, 0), readable ? bytes.length : UNREADABLE, bytes.toString('hex'));
      assert.equal(judgeItem(bytes), readable ? 'ok' : 'unreadable');
    }),
    { numRuns: 300 },
  );
});

test('a well-known decoder accepts what the scanner accepts', () => {
  fc.assert(
    fc.property(readableItem, ({ bytes, plain }) => {
      fc.pre(plain);
      assert.equal(skipItem(bytes, 0, bytes.length, 0), bytes.length);
      decode(bytes, { useMaps: true });
    }),
    { numRuns: 300 },
  );
});

test('an item that is cut short is malformed wherever it is cut', () => {
  fc.assert(
    fc.property(readableItem, fc.nat(), ({ bytes }, at) => {
      const end = at % bytes.length;
      assert.equal(skipItem(bytes, 0, end, 0), MALFORMED);
    }),
  );
});

test('of bytes at random the scanner thinks as the simple validator does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (array) => {
      const bytes = Buffer.from(array);
      const behind = skipItem(bytes, 0, bytes.length, 0);
      const found = behind < 0 ? behind : behind === bytes.length ? ScanResult.ok : MALFORMED;
      assert.equal(found, EXPECTED[judgeItem(bytes)], bytes.toString('hex'));
    }),
    { numRuns: 3000 },
  );
});

test('any map with text keys is a message, and its payload is where it stands', () => {
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

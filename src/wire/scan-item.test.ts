import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncodedId, isText, MALFORMED, MAX_DEPTH, setBuffer, skipItem, UNREADABLE } from './scan-item.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Scans an item surrounded by other bytes, so that the scanner cannot rely on the buffer's ends. */
function skip(item: Buffer, depth = 0): number {
  const bytes = Buffer.concat([Buffer.alloc(3, 0xff), item]);
  const itemEnd = skipItem(bytes, 3, bytes.length, depth);
  return itemEnd < 0 ? itemEnd : itemEnd - 3;
}

const READABLE: readonly (readonly [string, string])[] = [
  ['0', '00'],
  ['23', '17'],
  ['24 in one byte', '1818'],
  ['0 in one byte, not the shortest form', '1800'],
  ['two bytes', '190100'],
  ['four bytes', '1affffffff'],
  ['the largest int64', '1b7fffffffffffffff'],
  ['-1', '20'],
  ['the smallest int64', '3b7fffffffffffffff'],
  ['empty bytes', '40'],
  ['bytes that are no UTF-8', '42c328'],
  ['bytes with a one-byte length', `5818${'ff'.repeat(24)}`],
  ['bytes with an eight-byte length', '5b000000000000000201 02'],
  ['empty text', '60'],
  ['one letter', '6161'],
  ['three letters', '63616263'],
  ['Cyrillic', '64d09fd180'],
  ['four bytes a character', '64f09f918b'],
  ['text with a one-byte length', `7818${'61'.repeat(24)}`],
  ['long text, not ASCII', `790400${'d0b0'.repeat(512)}`],
  ['empty array', '80'],
  ['array in an array', '828101f6'],
  ['array with a four-byte count', '9a0000000101'],
  ['indefinite array', '9f01029fffff'],
  ['empty indefinite array', '9fff'],
  ['empty map', 'a0'],
  ['map', 'a2616101616280'],
  ['indefinite map', 'bf616101ff'],
  ['empty indefinite map', 'bfff'],
  ['indefinite in definite in indefinite', '9f81bf61619fffffff'],
  ['tag', 'c000'],
  ['tags in longer forms', 'd81ed90100da00010000db000000010000000200'],
  ['tag 4', 'c4820100'],
  ['false', 'f4'],
  ['true', 'f5'],
  ['null', 'f6'],
  ['float64', 'fb3ff0000000000000'],
  ['float64 NaN', 'fb7ff8000000000000'],
];

for (const [name, item] of READABLE) {
  test(`skipItem: ${name}: is skipped, and malformed if truncated`, () => {
    const bytes = hex(item);
    assert.equal(skip(Buffer.concat([bytes, hex('00ff')])), bytes.length);
    for (let end = 0; end < bytes.length; end++)
      assert.equal(skip(bytes.subarray(0, end)), MALFORMED, `of ${end} bytes`);
  });
}

const REFUSED: readonly (readonly [string, string, number])[] = [
  ['integer beyond int64', '1b8000000000000000', UNREADABLE],
  ['negative integer beyond int64', '3bffffffffffffffff', UNREADABLE],
  ['indefinite text', '7f6161ff', UNREADABLE],
  ['indefinite bytes', '5f4161ff', UNREADABLE],
  ['positive bignum', 'c24101', UNREADABLE],
  ['negative bignum', 'c34101', UNREADABLE],
  ['bignum tag in one byte', 'd8024101', UNREADABLE],
  ['bignum tag in eight bytes', 'db00000000000000034101', UNREADABLE],
  ['simple value 0', 'e0', UNREADABLE],
  ['simple value 19', 'f3', UNREADABLE],
  ['undefined', 'f7', UNREADABLE],
  ['simple value in a byte', 'f8ff', UNREADABLE],
  ['float16', 'f93c00', UNREADABLE],
  ['float32', 'fa3f800000', UNREADABLE],
  ['undefined in an array', '81f7', UNREADABLE],
  ['float32 in an indefinite map', 'bf6161fa3f800000ff', UNREADABLE],
  ['break alone', 'ff', MALFORMED],
  ['break in an array with a count', '82 01 ff', MALFORMED],
  ['break in place of a value', 'bf6161ff', MALFORMED],
  ['break after a tag', '9fc0ff', MALFORMED],
  ['indefinite tag', 'df00', MALFORMED],
  ['indefinite integer', '1f', MALFORMED],
  ['indefinite negative integer', '3f', MALFORMED],
  ['text that is no UTF-8', '62c328', MALFORMED],
  ['overlong UTF-8', '62c080', MALFORMED],
  ['a surrogate in UTF-8', '63eda080', MALFORMED],
  ['text that ends within a character', '61d0', MALFORMED],
  ['long text that is no UTF-8', `790258${'61'.repeat(599)}ff`, MALFORMED],
  ['key that is no UTF-8', 'a161ff00', MALFORMED],
  ['array longer than any input', '9bffffffffffffffff', MALFORMED],
  ['array longer than this input', '9a7fffffff01', MALFORMED],
  ['map longer than this input', 'bb00000000ffffffff', MALFORMED],
  ['text longer than any input', '7b7fffffffffffffff', MALFORMED],
  ['map without its last value', 'a2616101 6162', MALFORMED],
];

for (const [name, item, expected] of REFUSED) {
  test(`skipItem: ${name}: is ${expected === UNREADABLE ? 'unreadable' : 'malformed'}`, () => {
    assert.equal(skip(hex(item)), expected);
  });
}

test('skipItem: additional information 28 to 30 is malformed in every major type', () => {
  for (let major = 0; major < 8; major++) {
    for (const info of [28, 29, 30]) {
      assert.equal(skip(Buffer.concat([Buffer.from([(major << 5) | info]), Buffer.alloc(40)])), MALFORMED, `${major}`);
    }
  }
});

/** A 0 nested in `levels` containers. */
function nested(head: string, levels: number, tail = ''): Buffer {
  return hex(`${head.repeat(levels)}00${tail.repeat(levels)}`);
}

const CONTAINERS: readonly (readonly [string, string, string])[] = [
  ['arrays', '81', ''],
  ['indefinite arrays', '9f', 'ff'],
  ['maps', 'a160', ''],
  ['indefinite maps', 'bf60', 'ff'],
  ['tags', 'c6', ''],
];

for (const [name, head, tail] of CONTAINERS) {
  test(`skipItem: ${name}: nest at most ${MAX_DEPTH} deep, counted from the given depth`, () => {
    const deepest = nested(head, MAX_DEPTH, tail);
    assert.equal(skip(deepest), deepest.length);
    assert.equal(skip(nested(head, MAX_DEPTH + 1, tail)), MALFORMED);
    const lower = nested(head, MAX_DEPTH - 5, tail);
    assert.equal(skip(lower, 5), lower.length);
    assert.equal(skip(lower, 6), MALFORMED);
  });
}

test('skipItem: a million levels do not overflow the stack', () => {
  assert.equal(skip(Buffer.alloc(1_000_000, 0x81)), MALFORMED);
  assert.equal(skip(Buffer.alloc(1_000_000, 0xc6)), MALFORMED);
});

test('skipItem: a failed scan does not affect the next', () => {
  assert.equal(skip(hex('9f9f9f')), MALFORMED);
  assert.equal(skip(hex('8300 00 00')), 4);
});

test('isText: detects an invalid byte at every length and position', () => {
  for (let length = 0; length <= 20; length++) {
    const text = Buffer.alloc(length + 4, 0x61);
    assert.equal(isText(text, 2, 2 + length), true);
    for (let at = 0; at < text.length; at++) {
      const bad = Buffer.from(text);
      bad[at] = 0xff;
      assert.equal(isText(bad, 2, 2 + length), at < 2 || at >= 2 + length, `${at} of ${length}`);
    }
  }
});

test('EncodedId: matches only the same, complete item', () => {
  for (let length = 3; length <= 12; length++) {
    const item = Buffer.concat([Buffer.from([0x60 | length]), Buffer.alloc(length, 0x61)]);
    const known = new EncodedId(item);
    const bytes = Buffer.concat([hex('ff'), item, hex('ffffff')]);
    setBuffer(bytes);
    assert.equal(known.matchesAt(1, 1 + item.length), true);
    assert.equal(known.matchesAt(1, item.length), false, 'ends early');
    assert.equal(known.textStart, 1);
    for (let at = 0; at < item.length; at++) {
      const other = Buffer.from(bytes);
      (other[1 + at] as number) ^= 1;
      setBuffer(other);
      assert.equal(known.matchesAt(1, other.length), false, `byte ${at} of ${item.length}`);
    }
  }
});

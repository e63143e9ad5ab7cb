import fc from 'fast-check';

/**
 * Arbitrary CBOR in arbitrary valid forms: integers and lengths in longer forms, definite and indefinite containers, tags.
 * Independent of src/wire, from the RFC only.
 */

/** One item; `readable`: the Dart decoder accepts all of it; `plain`: it has no tags. */
export interface RandomItem {
  readonly bytes: Buffer;
  readonly readable: boolean;
  readonly plain: boolean;
}

const WIDTHS = [0, 1, 2, 4, 8] as const;

/** The head of `major` with `argument`, `extra` steps longer than the shortest form. */
export function headIn(major: number, argument: bigint, extra = 0): Buffer {
  const shortest =
    argument < 24n ? 0 : argument < 1n << 8n ? 1 : argument < 1n << 16n ? 2 : argument < 1n << 32n ? 3 : 4;
  const form = Math.min(4, shortest + extra);
  if (form === 0) return Buffer.from([(major << 5) | Number(argument)]);
  const digits = argument.toString(16).padStart(2 * (WIDTHS[form] as number), '0');
  return Buffer.concat([Buffer.from([(major << 5) | (23 + form)]), Buffer.from(digits, 'hex')]);
}

const extra = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4));

function leaf(bytes: Buffer, readable = true): RandomItem {
  return { bytes, readable, plain: true };
}

const integer = fc
  .tuple(fc.constantFrom(0, 1), fc.oneof(fc.bigInt(0n, 70_000n), fc.bigInt(0n, 2n ** 63n - 1n)), extra)
  .map(([major, value, form]) => leaf(headIn(major, value, form)));

const string = (major: 2 | 3, content: fc.Arbitrary<Buffer>): fc.Arbitrary<RandomItem> =>
  fc.tuple(content, extra).map(([bytes, form]) => {
    return leaf(Buffer.concat([headIn(major, BigInt(bytes.length), form), bytes]));
  });

const utf8 = fc
  .oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 40 }))
  .map((value) => Buffer.from(value));
/** A text item. */
export const text = string(3, utf8);

const float64 = fc.double().map((value) => {
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return leaf(bytes);
});

const simple = fc.constantFrom('f4', 'f5', 'f6').map((hex) => leaf(Buffer.from(hex, 'hex')));

/** Well-formed, but rejected by the Dart decoder. */
const unreadable = fc
  .constantFrom(
    'f7',
    'f93c00',
    'fa3f800000',
    'f8ff',
    'e0',
    '7f6161ff',
    '5fff',
    '1b8000000000000000',
    '3bffffffffffffffff',
  )
  .map((hex) => leaf(Buffer.from(hex, 'hex'), false));

interface Shape {
  readonly major: 4 | 5;
  readonly indefinite: boolean;
  readonly form: number;
}

/** A container of `items`; for a map, keys and values alternate. */
export function container(shape: Shape, items: readonly RandomItem[]): RandomItem {
  const { major, indefinite, form } = shape;
  const bytes = items.map((item) => item.bytes);
  const count = BigInt(items.length / (major - 3));
  return {
    bytes: indefinite
      ? Buffer.concat([Buffer.from([(major << 5) | 31]), ...bytes, Buffer.from([0xff])])
      : Buffer.concat([headIn(major, count, form), ...bytes]),
    readable: items.every((item) => item.readable),
    plain: items.every((item) => item.plain),
  };
}

const shape = (major: 4 | 5): fc.Arbitrary<Shape> =>
  fc.record({ major: fc.constant(major), indefinite: fc.boolean(), form: extra });

const isBignum = (tag: bigint): boolean => tag === 2n || tag === 3n;

function tree(leaves: fc.Arbitrary<RandomItem>): fc.Arbitrary<RandomItem> {
  const { item } = fc.letrec<{ item: RandomItem }>((tie) => {
    const array = fc.tuple(shape(4), fc.array(tie('item'), { maxLength: 30 }));
    const map = fc.tuple(shape(5), fc.uniqueArray(fc.tuple(text, tie('item')), { maxLength: 30, selector: keyOf }));
    const tagged = fc.tuple(
      fc.bigInt(0n, 2n ** 64n - 1n).filter((tag) => !isBignum(tag)),
      extra,
      tie('item'),
    );
    return {
      item: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaves,
        array.map(([head, items]) => container(head, items)),
        map.map(([head, entries]) => container(head, entries.flat())),
        tagged.map(([tag, form, inner]) => ({
          ...inner,
          bytes: Buffer.concat([headIn(6, tag, form), inner.bytes]),
          plain: false,
        })),
      ),
    };
  });
  return item;
}

/** Keys are equal if their texts are, in any form of their length. */
function keyOf([key]: readonly [RandomItem, RandomItem]): string {
  const info = (key.bytes[0] as number) & 31;
  return key.bytes.toString('latin1', info < 24 ? 1 : 1 + (1 << (info - 24)));
}

const bytes = string(
  2,
  fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
);
const readableLeaf = fc.oneof(integer, bytes, text, float64, simple);

/** Items that the Dart decoder accepts. */
export const readableItem = tree(readableLeaf);
/** Items, some of which contain values that the Dart decoder rejects. */
export const anyItem = tree(fc.oneof({ weight: 20, arbitrary: readableLeaf }, { weight: 1, arbitrary: unreadable }));

/** Maps with text keys, like payloads. */
export const readableMap = fc
  .tuple(shape(5), fc.uniqueArray(fc.tuple(text, readableItem), { maxLength: 8, selector: keyOf }))
  .map(([head, entries]) => container(head, entries.flat()));

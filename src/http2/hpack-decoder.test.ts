import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeHeaders, integer } from '../../test/support/hpack.ts';
import { HpackDecoder } from './hpack-decoder.ts';

type Field = readonly [name: string, value: string];

/** The fields of `block`; null when it cannot be decoded. */
function decode(decoder: HpackDecoder, block: Buffer): Field[] | null {
  const fields: Field[] = [];
  // within a larger buffer, as in a chunk
  const bytes = Buffer.concat([Buffer.alloc(3, 0x82), block, Buffer.alloc(3, 0x82)]);
  const isValid = decoder.decode(bytes, 3, bytes.length - 3, (name, value) => fields.push([name, value]));
  return isValid ? fields : null;
}

const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');
/** A field in the notation of the RFC. */
function field(text: string): Field {
  const colon = text.indexOf(': ');
  return [text.slice(0, colon), text.slice(colon + 2)];
}
const isValid = (digits: string): boolean => decode(new HpackDecoder(), hex(digits)) !== null;

/** The dynamic table, newest entry first. */
function tableOf(decoder: HpackDecoder): Field[] {
  const entries: Field[] = [];
  for (let index = 62; ; index++) {
    const found = decode(decoder, integer(0x80, 7, index));
    if (found === null) return entries;
    entries.push(...found);
  }
}

const DATE = 'date: Mon, 21 Oct 2013 20:13:2';
const LOCATION = 'location: https://www.example.com';
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';

interface Example {
  readonly blocks: readonly [plain: string, huffman: string];
  readonly fields: readonly string[];
  readonly table: readonly string[];
}

/** RFC 7541, appendices C.3 and C.4: three requests on one connection, without and with Huffman coding. */
const REQUESTS: readonly Example[] = [
  {
    blocks: ['828684410f7777772e6578616d706c652e636f6d', '828684418cf1e3c2e5f23a6ba0ab90f4ff'],
    fields: [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    table: [':authority: www.example.com'],
  },
  {
    blocks: ['828684be58086e6f2d6361636865', '828684be5886a8eb10649cbf'],
    fields: [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    table: ['cache-control: no-cache', ':authority: www.example.com'],
  },
  {
    blocks: [
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
    fields: [
      ':method: GET',
      ':scheme: https',
      ':path: /index.html',
      ':authority: www.example.com',
      'custom-key: custom-value',
    ],
    table: ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
  },
];

/** C.5 and C.6: three responses, with a table of 256 bytes, which is too small for all of them. */
const RESPONSES: readonly Example[] = [
  {
    blocks: [
      `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
       6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    ],
    fields: [':status: 302', 'cache-control: private', `${DATE}1 GMT`, LOCATION],
    table: [LOCATION, `${DATE}1 GMT`, 'cache-control: private', ':status: 302'],
  },
  {
    blocks: ['4803333037c1c0bf', '4883640effc1c0bf'],
    fields: [':status: 307', 'cache-control: private', `${DATE}1 GMT`, LOCATION],
    table: [':status: 307', LOCATION, `${DATE}1 GMT`, 'cache-control: private'],
  },
  {
    blocks: [
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a58
       4f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672
       c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
    ],
    fields: [':status: 200', 'cache-control: private', `${DATE}2 GMT`, LOCATION, 'content-encoding: gzip', COOKIE],
    table: [COOKIE, 'content-encoding: gzip', `${DATE}2 GMT`],
  },
];

function checkExamples(examples: readonly Example[], form: 0 | 1, before: string): void {
  const decoder = new HpackDecoder();
  assert.deepEqual(decode(decoder, hex(before)), []);
  for (const { blocks, fields, table } of examples) {
    assert.deepEqual(decode(decoder, hex(blocks[form])), fields.map(field));
    assert.deepEqual(tableOf(decoder), table.map(field));
  }
}

const TABLE_OF_256 = '3fe101';

test('HpackDecoder: requests of RFC 7541, C.3 and C.4, and the table after each', () => {
  for (const form of [0, 1] as const) checkExamples(REQUESTS, form, '');
});

test('HpackDecoder: responses of RFC 7541, C.5 and C.6, with evictions', () => {
  for (const form of [0, 1] as const) checkExamples(RESPONSES, form, TABLE_OF_256);
});

test('HpackDecoder: fields of RFC 7541, C.2, one of them indexed', () => {
  const examples: readonly (readonly [string, string, number])[] = [
    ['400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header', 1],
    ['040c2f73616d706c652f70617468', ':path: /sample/path', 0],
    ['100870617373776f726406736563726574', 'password: secret', 0],
    ['82', ':method: GET', 0],
  ];
  for (const [block, expected, added] of examples) {
    const decoder = new HpackDecoder();
    assert.deepEqual(decode(decoder, hex(block)), [field(expected)]);
    assert.equal(tableOf(decoder).length, added);
  }
});

test('HpackDecoder: refuses a block truncated within a field', () => {
  for (const { blocks, fields } of [REQUESTS[0], RESPONSES[0]] as readonly Example[]) {
    for (const block of blocks) {
      const whole = hex(block);
      const found = Array.from(whole, (_, end) => decode(new HpackDecoder(), whole.subarray(0, end)));
      assert.deepEqual(
        found.filter((list) => list !== null),
        fields.map((_, count) => fields.slice(0, count).map(field)),
      );
    }
  }
});

test('HpackDecoder: refuses index 0 and indexes beyond the table', () => {
  for (const block of ['80', 'be', 'fe', '7e00', '0f2f00', 'ffff7f', 'ff80808001']) assert.equal(isValid(block), false);
  assert.ok(isValid('bd'), 'the last entry of the static table');
  assert.ok(isValid('4001610162be'), 'an entry of the same block');
});

test('HpackDecoder: refuses oversized integers', () => {
  for (const prefix of ['ff', '7f', '0f', '1f', '007f', '00ff']) {
    for (const rest of ['8080808000', '8080808080808080808000', 'ffffffff7f', 'ffffffffffffffffff01', 'ffffffff'])
      assert.equal(isValid(prefix + rest), false, prefix + rest);
  }
  assert.ok(isValid('0f800000'), 'one byte more than it takes is let pass');
});

test('HpackDecoder: accepts table sizes of 0 to 4096 at the beginning of a block only', () => {
  const decoder = new HpackDecoder();
  const added = hex('4001610162');
  assert.deepEqual(decode(decoder, added), [['a', 'b']]);
  assert.deepEqual(decode(decoder, hex('3fe11f82')), [[':method', 'GET']], '4096');
  assert.equal(tableOf(decoder).length, 1);
  assert.deepEqual(decode(decoder, hex('203fe11f82')), [[':method', 'GET']], '0, and 4096 again');
  assert.equal(tableOf(decoder).length, 0);
  for (const block of ['3fe21f', '3fffffffff', '3f', '8220', '000161016220']) assert.equal(isValid(block), false);
});

test('HpackDecoder: an entry larger than the table empties it and is not added', () => {
  const decoder = new HpackDecoder();
  assert.ok(decode(decoder, hex(TABLE_OF_256)));
  decode(decoder, hex('4001610162'));
  const large = Buffer.concat([hex('400161'), integer(0, 7, 224), Buffer.alloc(224, 'v')]);
  assert.equal(decode(decoder, large)?.length, 1);
  assert.deepEqual(tableOf(decoder), []);
  const fits = Buffer.concat([hex('400161'), integer(0, 7, 223), Buffer.alloc(223, 'v')]);
  decode(decoder, fits);
  assert.equal(tableOf(decoder).length, 1);
});

test('HpackDecoder: an entry may use the name of the one it evicts', () => {
  const decoder = new HpackDecoder();
  decode(decoder, Buffer.concat([hex('3f0f40 0161'), integer(0, 7, 10), Buffer.alloc(10, 'v')]));
  assert.deepEqual(decode(decoder, hex('7e0178')), [['a', 'x']]);
  assert.deepEqual(tableOf(decoder), [['a', 'x']]);
});

test('HpackDecoder: decodes one character per byte', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const block = Buffer.concat([hex('0001 61'), integer(0, 7, 256), bytes]);
  assert.deepEqual(decode(new HpackDecoder(), block), [['a', bytes.toString('latin1')]]);
});

const sizes = fc.oneof(fc.nat(40), fc.nat(300), fc.constantFrom(4063, 4064, 4096));
const steps = fc.array(fc.oneof(sizes, fc.nat(4096).map(String)), { maxLength: 60 });

test('HpackDecoder: keeps the newest fields within the table size', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const decoder = new HpackDecoder();
      let limit = 4096;
      let expected: Field[] = [];
      for (const step of given) {
        if (typeof step === 'string') {
          limit = Number(step);
          assert.deepEqual(decode(decoder, integer(0x20, 5, limit)), []);
        } else {
          const value = 'v'.repeat(step);
          const name = `n${expected.length}`;
          const literal = encodeHeaders([[name, value]]);
          literal[0] = 0x40;
          assert.deepEqual(decode(decoder, literal), [[name, value]]);
          expected.unshift([name, value]);
        }
        expected = newest(expected, limit);
        assert.deepEqual(tableOf(decoder), expected);
      }
    }),
    { numRuns: 60 },
  );
});

/** The longest prefix of `entries` that fits a table of `limit` bytes. */
function newest(entries: readonly Field[], limit: number): Field[] {
  let bytes = 0;
  const end = entries.findIndex(([name, value]) => {
    bytes += name.length + value.length + 32;
    return bytes > limit;
  });
  return entries.slice(0, end < 0 ? entries.length : end);
}

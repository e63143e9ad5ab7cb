import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { detectEnvelope } from './detect-envelope.ts';
import { type Envelope, type EnvelopeMessage, emptyMessage, type ParseResult } from './envelope.ts';
import { flagsEnvelope } from './flags-envelope.ts';
import { frameEnvelope } from './frame-envelope.ts';

interface Capture {
  readonly generation: 'flags' | 'frame';
  readonly connection: number;
  readonly messages: readonly { readonly from: 'client' | 'server'; readonly hex: string }[];
}

const fixture = new URL('../../test/fixtures/websocket-vectors.json', import.meta.url);
const { captures } = JSON.parse(readFileSync(fixture, 'utf8')) as { captures: readonly Capture[] };
const ENVELOPES: Readonly<Record<string, Envelope>> = { flags: flagsEnvelope, frame: frameEnvelope };

const BEFORE = 3;

/** Parses `bytes` between other bytes, as messages follow each other in a read. */
function parse(envelope: Envelope, bytes: Buffer, into: EnvelopeMessage): ParseResult {
  const end = BEFORE + bytes.length;
  const result = envelope.parse(Buffer.concat([Buffer.alloc(BEFORE, 1), bytes, Buffer.alloc(9, 1)]), BEFORE, end, into);
  into.bodyStart -= BEFORE;
  return result;
}

for (const { generation, connection, messages } of captures) {
  const envelope = ENVELOPES[generation] as Envelope;

  test(`${generation} ${connection}: detects the generation by the first message`, () => {
    assert.equal(detectEnvelope(Buffer.from(messages[0]?.hex ?? '', 'hex'))?.name, generation);
  });

  test(`${generation} ${connection}: encodes every server message byte for byte`, () => {
    const paths = new Map<number, string>();
    const message = emptyMessage();
    for (const { from, hex } of messages) {
      const bytes = Buffer.from(hex, 'hex');
      assert.equal(parse(envelope, bytes, message), 'ok', hex);
      if (from === 'client') {
        if (message.path !== null) paths.set(message.streamId, message.path);
        continue;
      }
      const written = message.isMetadata
        ? envelope.metadata(message.streamId, message.headers, message.isEnd)
        : Buffer.concat([
            envelope.dataHead(message.streamId, paths.get(message.streamId) ?? ''),
            bytes.subarray(message.bodyStart),
          ]);
      assert.equal(written.toString('hex'), hex);
    }
  });

  test(`${generation} ${connection}: a call opens with its path`, () => {
    const message = emptyMessage();
    parse(envelope, Buffer.from(messages[0]?.hex ?? '', 'hex'), message);
    assert.deepEqual([message.streamId, message.path, message.isMetadata], [1, '/router/register', true]);
  });
}

test('parse: stays within bounds for random bytes', () => {
  const message = emptyMessage();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(flagsEnvelope, frameEnvelope), (random, envelope) => {
      const bytes = Buffer.from(random);
      if (parse(envelope, bytes, message) !== 'ok') return;
      assert.ok(message.bodyStart <= bytes.length);
    }),
  );
});

test('metadata: any header text round-trips in both generations', () => {
  const header = fc.record(
    { name: fc.string({ unit: 'grapheme' }), value: fc.string({ unit: 'grapheme' }) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      fc.array(header),
      fc.boolean(),
      fc.constantFrom(flagsEnvelope, frameEnvelope),
      (headers, isEnd, envelope) => {
        const message = emptyMessage();
        assert.equal(parse(envelope, envelope.metadata(4_000_000_001, headers, isEnd), message), 'ok');
        assert.deepEqual([message.streamId, message.headers, message.isEnd], [4_000_000_001, headers, isEnd]);
      },
    ),
  );
});

test('parse: ignores messages without meaning, refuses unreadable metadata', () => {
  const message = emptyMessage();
  const parseHex = (envelope: Envelope, hex: string) => parse(envelope, Buffer.from(hex, 'hex'), message);
  assert.equal(parseHex(flagsEnvelope, '00000001'), 'ignored');
  assert.equal(parseHex(flagsEnvelope, '00000001027b'), 'malformed');
  assert.equal(
    parseHex(flagsEnvelope, `0000000102${Buffer.from('{"headers":[{"name":1}]}').toString('hex')}`),
    'malformed',
  );
  assert.equal(parseHex(frameEnvelope, '00000001010000'), 'ignored');
  assert.equal(parseHex(frameEnvelope, '0000000102000000'), 'ignored', 'data without a body');
  assert.equal(parseHex(frameEnvelope, '000000010100ffff'), 'malformed', 'a path beyond the end');
  assert.equal(parseHex(frameEnvelope, '0000000101000000ffff'), 'malformed', 'a name beyond the end');
  assert.equal(parseHex(frameEnvelope, '0000000103000000'), 'malformed', 'an unknown type');
});

test('detectEnvelope: null for a first message of neither generation', () => {
  for (const hex of ['', '0000000100', '000000010000', '00000001027c', '000000010102']) {
    assert.equal(detectEnvelope(Buffer.from(hex, 'hex')), null, hex);
  }
});

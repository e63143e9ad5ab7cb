import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame, SINGLE } from '../../wire/index.ts';
import { WholeMessages } from './whole-messages.ts';

const TEXTS = ['one', '', 'a longer message', 'x'.repeat(300), ''];
const BYTES = Buffer.concat(TEXTS.map((text) => frame(Buffer.from(text), SINGLE)));

for (const chunkBytes of [1, 2, 4, 5, 6, 7, 50, BYTES.length]) {
  test(`messages in chunks of ${chunkBytes} bytes: reassembled in order`, () => {
    const messages = new WholeMessages();
    const texts: string[] = [];
    for (let pos = 0; pos < BYTES.length; pos += chunkBytes) {
      for (const message of messages.add(BYTES.subarray(pos, pos + chunkBytes))) texts.push(String(message));
    }
    assert.deepEqual(texts, TEXTS);
  });
}

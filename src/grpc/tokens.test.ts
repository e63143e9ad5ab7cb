import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from './auth.ts';
import { parseTokens } from './tokens.ts';

const parse = (text: string, mode = 0o100600) => parseTokens('/etc/tokens', { text, mode });

test('names and digests; comments, blank lines and Windows line ends do not matter', () => {
  const tokens = parse('# comment\r\n\r\n  alice : s3cret \r\nbob:with:colons\n');
  assert.deepEqual([...tokens.keys()], ['alice', 'bob']);
  assert.deepEqual(tokens.get('alice'), digestOf('s3cret'));
  assert.deepEqual(tokens.get('bob'), digestOf('with:colons'));
});

test('an empty file holds no token', () => {
  assert.equal(parse('').size, 0);
  assert.equal(parse('# nobody yet\n').size, 0);
});

test('a byte order mark is no part of the first name', () => {
  assert.deepEqual([...parse('\ufeffalice: a\n').keys()], ['alice']);
});

for (const mode of [0o100604, 0o100602, 0o100601, 0o100644, 0o100777]) {
  test(`mode ${mode.toString(8)} is refused`, () => {
    assert.throws(() => parse('alice: a', mode), /\/etc\/tokens: readable by others; run: chmod 640 \/etc\/tokens/);
  });
}

for (const mode of [0o100600, 0o100640, 0o100400, 0o100660]) {
  test(`mode ${mode.toString(8)} is fine`, () => {
    assert.equal(parse('alice: a', mode).size, 1);
  });
}

test('every malformed line is told with its number and without its content', () => {
  const text = 'alice\nbob:\n: c\nd: e f\ng: h\ng: i\n';
  assert.throws(() => parse(text), {
    message: [
      '/etc/tokens:1: expected "name: token"',
      '/etc/tokens:2: expected "name: token"',
      '/etc/tokens:3: expected "name: token"',
      '/etc/tokens:4: expected "name: token"',
      '/etc/tokens:6: name g is already given above',
    ].join('\n'),
  });
});

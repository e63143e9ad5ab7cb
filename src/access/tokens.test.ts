import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from './authenticator.ts';
import { parseTokens } from './tokens.ts';

const parse = (text: string) => parseTokens('/etc/tokens', text);

test('parseTokens: names and digests; ignores comments, blank lines and CRLF', () => {
  const tokens = parse('# comment\r\n\r\n  alice : s3cret \r\nbob:with:colons\n');
  assert.deepEqual([...tokens.keys()], ['alice', 'bob']);
  assert.deepEqual(tokens.get('alice'), digestOf('s3cret'));
  assert.deepEqual(tokens.get('bob'), digestOf('with:colons'));
});

test('parseTokens: refuses a file without a token, which would lock out all clients', () => {
  for (const text of ['', '\n \n', '# none yet\n']) {
    assert.throws(() => parse(text), /^Error: \/etc\/tokens: holds no token; add a line "name: token", or remove/);
  }
});

test('parseTokens: ignores a byte order mark', () => {
  assert.deepEqual([...parse('\ufeffalice: a\n').keys()], ['alice']);
});

test('parseTokens: reports every malformed line by number, without its content', () => {
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

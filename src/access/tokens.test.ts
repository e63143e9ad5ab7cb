import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, parseTokens } from './tokens.ts';

const parse = (text: string) => parseTokens('/etc/tokens', text);

test('parseTokens: names and digests; ignores comments, blank lines and CRLF', () => {
  const { tokens } = parse('# comment\r\n\r\n  alice : s3cret \r\nbob:with:colons\n');
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
  assert.deepEqual([...parse('\ufeffalice: s3cret\n').tokens.keys()], ['alice']);
});

test('parseTokens: reports every malformed line by number, without its content', () => {
  const text = 'alice\nbob:\n: c\nd: e f\ng: hhhh\ng: iiii\n';
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

test('tokens file: a token below 4 characters is refused, below 16 it is warned of; neither message shows it', () => {
  assert.throws(() => parse('a: xyz\nb: 1\n'), {
    message: [
      '/etc/tokens:1: the token of a is shorter than 4 characters; make one: openssl rand -hex 24',
      '/etc/tokens:2: the token of b is shorter than 4 characters; make one: openssl rand -hex 24',
    ].join('\n'),
  });
  const { tokens, warnings } = parse(`a: wxyz\nb: ${'s'.repeat(15)}\nc: ${'t'.repeat(16)}\n`);
  assert.deepEqual([...tokens.keys()], ['a', 'b', 'c']);
  assert.deepEqual(
    warnings.map(({ en }) => en.slice(0, 32)),
    ['/etc/tokens:1: the token of a is', '/etc/tokens:2: the token of b is'],
  );
  for (const { en, ru } of warnings) {
    assert.match(en, /shorter than 16 characters and can be guessed/);
    assert.match(ru, /короче 16 символов/);
    assert.doesNotMatch(en + ru, /wxyz|sss/);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problems } from '../text/index.ts';
import { parseApiTokens } from './api-tokens.ts';

const problemsOf = (text: string): string[] => {
  try {
    parseApiTokens('tokens', text);
    return [];
  } catch (error) {
    assert.ok(error instanceof Problems);
    return error.list.map(({ en }) => en);
  }
};

test('API tokens: names, scopes and warnings', () => {
  const tokens = parseApiTokens('tokens', '# comment\n\nviewer: read 0123456789abcdef\r\nbackend:  write\tshort\n');
  assert.equal(tokens.size, 2);
  assert.deepEqual(tokens.find('0123456789abcdef'), { name: 'viewer', scope: 'read' });
  assert.deepEqual(tokens.find('short'), { name: 'backend', scope: 'write' });
  assert.equal(tokens.find('0123456789abcde'), null);
  assert.equal(tokens.find(''), null);
  assert.deepEqual(
    tokens.warnings.map(({ en }) => en.split(' is shorter')[0]),
    ['tokens:4: the token of backend'],
  );
});

test('API tokens: each problem names its line', () => {
  assert.deepEqual(
    problemsOf('a: read\nb: admin 0123456789abcdef\nc: read abc\nd: read 0123456789\nd: write 9876543210\ne').map(
      (text) => text.split(/[;"]/)[0],
    ),
    [
      'tokens:1: expected ',
      'tokens:2: expected ',
      'tokens:3: the token of c is shorter than 4 characters and can be guessed',
      'tokens:5: name d is already given above',
      'tokens:6: expected ',
    ],
  );
  assert.match(problemsOf('# nothing\n').join(), /^tokens: holds no token; add a line/);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { explainSystemError } from './system-error.ts';
import { Problems } from './text.ts';

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('explainSystemError: system errors have a text in both languages', () => {
  const { en, ru } = explainSystemError(errorOf(() => readFileSync('/does/not/exist')));
  assert.equal(en, "ENOENT: no such file or directory, open '/does/not/exist'");
  assert.equal(ru, 'нет такого файла или папки (ENOENT)');
  assert.match(explainSystemError(errorOf(() => readFileSync('/'))).ru, /^это папка, а нужен файл/);
});

test('explainSystemError: other errors keep their message', () => {
  assert.deepEqual(explainSystemError(new Error('odd')), { en: 'odd', ru: 'odd' });
  assert.deepEqual(explainSystemError('odd'), { en: 'odd', ru: 'odd' });
});

test('Problems: the message has one English line per problem', () => {
  const problems = new Problems({ en: 'a', ru: 'а' }, { en: 'b', ru: 'б' });
  assert.equal(problems.message, 'a\nb');
  assert.deepEqual(
    problems.list.map(({ ru }) => ru),
    ['а', 'б'],
  );
});

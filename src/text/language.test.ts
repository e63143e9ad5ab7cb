import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage } from './language.ts';

const CASES: readonly (readonly [string | null, Readonly<Record<string, string>>, 'en' | 'ru'])[] = [
  [null, {}, 'en'],
  [null, { LANG: 'ru_RU.UTF-8' }, 'ru'],
  [null, { LANG: 'ru' }, 'ru'],
  [null, { LANG: 'RU-ru' }, 'ru'],
  [null, { LANG: 'ru@latin' }, 'ru'],
  [null, { LANG: 'rum_RO' }, 'en'],
  [null, { LANG: 'de_DE.UTF-8' }, 'en'],
  [null, { LC_MESSAGES: 'ru_RU', LANG: 'en_US' }, 'ru'],
  [null, { LC_ALL: 'C', LC_MESSAGES: 'ru_RU', LANG: 'ru_RU' }, 'en'],
  [null, { LC_ALL: '', LC_MESSAGES: '', LANG: 'ru_RU' }, 'ru'],
  ['en', { LC_ALL: 'ru_RU' }, 'en'],
  ['ru', { LC_ALL: 'C' }, 'ru'],
  ['de', { LC_ALL: 'ru_RU' }, 'ru'],
];

for (const [given, env, expected] of CASES) {
  test(`--lang ${given} with ${JSON.stringify(env)}: ${expected}`, () => {
    assert.equal(chooseLanguage(given, env), expected);
  });
}

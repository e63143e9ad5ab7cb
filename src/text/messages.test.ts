import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage, defineMessages, pluralForm } from './messages.ts';

const messages = defineMessages({
  hello: { en: 'Hello {name}, {name}: {count} new', ru: 'Привет, {name}: новых {count}' },
});

test('defineMessages: selects the language and inserts the parameters', () => {
  assert.equal(messages('en')('hello', { name: 'A', count: 2 }), 'Hello A, A: 2 new');
  assert.equal(messages('ru')('hello', { name: 'Б', count: 0 }), 'Привет, Б: новых 0');
});

test('defineMessages: a missing parameter stays visible', () => {
  assert.equal(messages('en')('hello', { name: 'A' }), 'Hello A, A: {count} new');
});

test('defineMessages: parameter values are inserted literally', () => {
  assert.equal(messages('ru')('hello', { name: '{count} $& $1', count: 1 }), 'Привет, {count} $& $1: новых 1');
});

const LANGUAGES: readonly (readonly [string | null, Readonly<Record<string, string>>, 'en' | 'ru'])[] = [
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

for (const [given, env, expected] of LANGUAGES) {
  test(`chooseLanguage: --lang ${given} with ${JSON.stringify(env)}: ${expected}`, () => {
    assert.equal(chooseLanguage(given, env), expected);
  });
}

test('pluralForm: selects the form of the count, in both languages', () => {
  const days = defineMessages({
    left: { en: '{days} {days:day|days} left', ru: 'осталось {days} {days:день|дня|дней}' },
  });
  const shown = (count: number): string[] => [days('en')('left', { days: count }), days('ru')('left', { days: count })];
  assert.deepEqual(shown(1), ['1 day left', 'осталось 1 день']);
  assert.deepEqual(shown(2), ['2 days left', 'осталось 2 дня']);
  assert.deepEqual(shown(0), ['0 days left', 'осталось 0 дней']);
  assert.deepEqual(shown(11), ['11 days left', 'осталось 11 дней']);
  assert.deepEqual(shown(21), ['21 days left', 'осталось 21 день']);
  assert.equal(days('en')('left'), '{days} {days:day|days} left');
  assert.equal(pluralForm('ru', 1.5, 'час|часа|часов'), 'часа');
});

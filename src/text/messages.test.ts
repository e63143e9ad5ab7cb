import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliMessages } from '../cli/texts.ts';
import { defineMessages } from './messages.ts';

const messages = defineMessages({
  hello: { en: 'Hello {name}, {name}: {count} new', ru: 'Привет, {name}: новых {count}' },
});

test('a text is said in the language, with its parameters in place', () => {
  assert.equal(messages('en')('hello', { name: 'A', count: 2 }), 'Hello A, A: 2 new');
  assert.equal(messages('ru')('hello', { name: 'Б', count: 0 }), 'Привет, Б: новых 0');
});

test('a parameter that was forgotten is seen', () => {
  assert.equal(messages('en')('hello', { name: 'A' }), 'Hello A, A: {count} new');
});

test('what a parameter holds is not taken for a parameter', () => {
  assert.equal(messages('ru')('hello', { name: '{count} $& $1', count: 1 }), 'Привет, {count} $& $1: новых 1');
});

test('the texts of the command line differ by language', () => {
  assert.notEqual(cliMessages('en')('usage'), cliMessages('ru')('usage'));
});

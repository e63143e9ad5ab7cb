import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Option } from './option-types.ts';
import { OPTIONS } from './options.ts';
import { formatValue, InvalidValue, parseText } from './parse-value.ts';

const common = { group: 'network', scope: 'router', reload: 'live', doc: { en: '', ru: '' } } as const;
const SWITCH: Option = { key: 'on', type: 'boolean', default: false, ...common };
const COUNT: Option = { key: 'count', type: 'integer', default: 5, range: [1, 100], special: 0, ...common };
const TIME: Option = { key: 'time', type: 'duration', default: 1000, range: [100, 7_200_000], ...common };
const SIZE: Option = { key: 'size', type: 'bytes', default: 1024, range: [16, 1024 ** 3], ...common };
const NAME: Option = { key: 'name', type: 'text', default: 'x', ...common };
const HOST: Option = { key: 'host', type: 'host', default: '::', ...common };
const PATH: Option = { key: 'path', type: 'path', default: null, ...common };
const CHOICE: Option = {
  key: 'choice',
  type: 'choice',
  default: 'a',
  choices: ['a', 'b'],
  formerChoices: { old: 'b' },
  ...common,
};

const GOOD: readonly (readonly [Option, string, unknown])[] = [
  [CHOICE, 'old', 'b'],
  [SWITCH, 'true', true],
  [SWITCH, 'YES', true],
  [SWITCH, 'on', true],
  [SWITCH, '1', true],
  [SWITCH, 'false', false],
  [SWITCH, 'No', false],
  [SWITCH, 'off', false],
  [SWITCH, '0', false],
  [COUNT, '1', 1],
  [COUNT, '100', 100],
  [COUNT, '007', 7],
  [COUNT, '0', 0],
  [TIME, '100ms', 100],
  [TIME, '10s', 10_000],
  [TIME, '10', 10_000],
  [TIME, '1.5s', 1500],
  [TIME, '5m', 300_000],
  [TIME, '2h', 7_200_000],
  [SIZE, '16', 16],
  [SIZE, '16b', 16],
  [SIZE, '1k', 1024],
  [SIZE, '10KB', 10_240],
  [SIZE, '4MiB', 4 * 1024 ** 2],
  [SIZE, '4 M', 4 * 1024 ** 2],
  [SIZE, '1G', 1024 ** 3],
  [SIZE, '0.5GiB', 1024 ** 3 / 2],
  [NAME, 'any thing: at all', 'any thing: at all'],
  [CHOICE, 'b', 'b'],
  [HOST, '0.0.0.0', '0.0.0.0'],
  [HOST, '::1', '::1'],
  [HOST, '[::1]', '::1'],
  [HOST, 'fe80::1%eth0', 'fe80::1%eth0'],
  [HOST, 'localhost', 'localhost'],
  [HOST, 'my_host.example.org.', 'my_host.example.org.'],
  [PATH, '/a/~/b', '/a/~/b'],
  [PATH, '-', '-'],
  [PATH, '~user/b', '~user/b'],
  [PATH, '~/b c', join(homedir(), 'b c')],
];

for (const [option, text, value] of GOOD) {
  test(`parseText: ${option.type} ${text} gives ${value}`, () => assert.equal(parseText(option, text), value));
}

const NOT_A_HOST = [
  '',
  '[127.0.0.1]',
  '/run/router.sock',
  'a,b',
  'a b',
  '*',
  '1.2.3',
  '256.1.1.1',
  'a:80',
  '-a',
  '[::1]:80',
];

const BAD: readonly (readonly [Option, string, string])[] = [
  ...NOT_A_HOST.map((text): [Option, string, string] => [
    HOST,
    text,
    `host must be one IP address or host name, got ${text === '' ? 'nothing' : text}`,
  ]),
  [PATH, '', 'path must be a path, got nothing'],
  [SWITCH, 'maybe', 'on must be true or false, got maybe'],
  [SWITCH, '', 'on must be true or false, got nothing'],
  [COUNT, '101', 'count must be 1..100, got 101'],
  [COUNT, '-1', 'count must be 1..100, got -1'],
  [COUNT, '5.5', 'count must be 1..100, got 5.5'],
  [COUNT, '0x10', 'count must be 1..100, got 0x10'],
  [COUNT, '1e1', 'count must be 1..100, got 1e1'],
  [COUNT, ' 5', 'count must be 1..100, got  5'],
  [COUNT, 'five', 'count must be 1..100, got five'],
  [TIME, '99ms', 'time must be 100ms..2h, got 99ms'],
  [TIME, '3h', 'time must be 100ms..2h, got 3h'],
  [TIME, '-1s', 'time must be 100ms..2h, got -1s'],
  [TIME, '5 parsecs', 'time must be 100ms..2h, got 5 parsecs'],
  [TIME, 'Infinity', 'time must be 100ms..2h, got Infinity'],
  [SIZE, '15', 'size must be 16..1GiB, got 15'],
  [SIZE, '1T', 'size must be 16..1GiB, got 1T'],
  [SIZE, '', 'size must be 16..1GiB, got nothing'],
  [NAME, '', 'name must be a text, got nothing'],
  [CHOICE, 'A', 'choice must be one of a, b, got A'],
];

for (const [option, text, problem] of BAD) {
  test(`parseText: ${option.type} "${text}" is rejected: ${problem}`, () => {
    assert.throws(
      () => parseText(option, text),
      (error) => {
        assert.ok(error instanceof InvalidValue);
        assert.equal(error.text.en, problem);
        assert.match(error.text.ru, /[а-я]/);
        assert.ok(error.text.ru.startsWith(`${option.key}: нужно `), error.text.ru);
        return true;
      },
    );
  });
}

for (const option of OPTIONS as readonly Option[]) {
  if (!('range' in option)) continue;
  test(`formatValue: ${option.key} round-trips`, () => {
    const [least, most] = option.range;
    fc.assert(
      fc.property(fc.integer({ min: least, max: Math.min(most, Number.MAX_SAFE_INTEGER) }), (value) => {
        assert.equal(parseText(option, formatValue(option, value)), value);
      }),
    );
  });
}

test('formatValue: writes values with units', () => {
  assert.equal(formatValue(TIME, 90_000), '90s');
  assert.equal(formatValue(TIME, 3_600_000), '1h');
  assert.equal(formatValue(TIME, 1500), '1500ms');
  assert.equal(formatValue(TIME, 0), '0s');
  assert.equal(formatValue(SIZE, 900 * 1024 ** 2), '900MiB');
  assert.equal(formatValue(SIZE, 1500), '1500');
  assert.equal(formatValue(SWITCH, false), 'false');
  assert.equal(formatValue(NAME, null), '');
});

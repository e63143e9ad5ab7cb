import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Option } from './option-types.ts';
import { configName, DEFAULT_CONFIG, environmentName, OPTIONS } from './options.ts';
import { formatValue, parseText } from './parse-value.ts';

const ALL: readonly Option[] = OPTIONS;

test('options: all names are unique', () => {
  const names = ALL.flatMap(({ key, alias = [] }) => [key, ...alias]);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  assert.equal(new Set(ALL.map(configName)).size, ALL.length);
});

test('options: keys are kebab-case and do not start with no-', () => {
  for (const { key } of ALL) assert.match(key, /^(?!no-)[a-z0-9]+(-[a-z0-9]+)*$/);
});

test('options: short flags match the Dart router', () => {
  const short = Object.fromEntries(
    ALL.flatMap(({ key, alias = [] }) => alias.filter((name) => name.length === 1).map((name) => [name, key])),
  );
  const { h, p, c, l, v, q, s, m, d } = short;
  assert.deepEqual(
    { h, p, c, l, v, q, s, m, d },
    {
      h: 'host',
      p: 'port',
      c: 'config',
      l: 'log-level',
      v: 'verbose',
      q: 'quiet',
      s: 'stats',
      m: 'metrics',
      d: 'daemon-start',
    },
  );
});

for (const option of ALL) {
  test(`option ${option.key}: the default is valid and the description exists in both languages`, () => {
    const value = DEFAULT_CONFIG[configName(option)];
    if (value !== null) assert.equal(parseText(option, formatValue(option, value)), value);
    for (const sentence of [option.doc.en, option.doc.ru]) assert.match(sentence, /^\S.*[^.\s]$/);
    assert.match(option.doc.ru, /[А-Яа-яё]/);
    assert.doesNotMatch(option.doc.en, /[А-Яа-яё]/);
  });
}

test('options: each has a reload class; one without does not compile', () => {
  for (const { key, reload } of ALL) assert.ok(['live', 'newConnections', 'restart'].includes(reload), key);
  const incomplete = { key: 'x', type: 'text', default: null, group: 'network', scope: 'router' } as const;
  // @ts-expect-error: no reload class
  const option: Option = { ...incomplete, doc: { en: 'X', ru: 'Икс' } };
  assert.equal(option.reload, undefined);
});

test('options: those of a cluster require a restart', () => {
  for (const { key, reload } of ALL) if (key.startsWith('cluster')) assert.equal(reload, 'restart', key);
});

test('options: all names derive from the key', () => {
  const option = ALL.find(({ key }) => key === 'write-deadline');
  assert.ok(option);
  assert.equal(configName(option), 'writeDeadlineMs');
  assert.equal(environmentName(option), 'ROUTER_WRITE_DEADLINE');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../../scripts/generate/files.ts';
import { configName, DEFAULT_CONFIG, formatValue, isFileKey, OPTIONS, type Option } from '../../src/config/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FILES = await generatedFiles();

for (const [name, text] of FILES) {
  test(`${name}: matches the output of npm run generate`, () => {
    assert.equal(readFileSync(`${ROOT}${name}`, 'utf8'), text, 'stale: run npm run generate');
  });
}

interface Property {
  readonly type?: readonly string[];
  readonly pattern?: string;
  readonly default?: unknown;
}

test('the schema: contains every key of a file; its patterns accept the values of the router', () => {
  const schema = JSON.parse(FILES.get('config/config.schema.json') ?? '') as {
    properties: Readonly<Record<string, Property>>;
  };
  const options = (OPTIONS as readonly Option[]).filter((option) => isFileKey(option) && option.hidden !== true);
  assert.deepEqual(
    Object.keys(schema.properties),
    options.map(({ key }) => key),
  );
  for (const option of options) {
    const { pattern } = schema.properties[option.key] ?? {};
    const written = formatValue(option, DEFAULT_CONFIG[configName(option)]);
    if (pattern !== undefined) assert.match(written, new RegExp(pattern), option.key);
  }
});

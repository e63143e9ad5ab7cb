import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load-config.ts';
import { DEFAULT_CONFIG, OPTIONS } from './options.ts';
import { sampleConfig } from './sample-config.ts';

function load(text: string) {
  const loaded = loadConfig({ argv: ['--config', '/sample.yaml'], env: {}, readFile: () => text });
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(({ en }) => en).join('\n'));
  return loaded.config;
}

for (const lang of ['en', 'ru'] as const) {
  test(`sampleConfig: ${lang}: equals the defaults and contains every file option`, () => {
    const text = sampleConfig({ lang });
    assert.deepEqual({ ...load(text) }, { ...DEFAULT_CONFIG, config: '/sample.yaml' });
    for (const option of OPTIONS) {
      const isForFile =
        !('flagOnly' in option) && !('hidden' in option) && option.group !== 'commands' && option.key !== 'config';
      assert.equal(new RegExp(`^#?${option.key}:`, 'm').test(text), isForFile, option.key);
      if (isForFile) assert.ok(text.includes(`# ${option.doc[lang]}`), option.key);
    }
  });

  test(`sampleConfig: ${lang}: uncommented defaults are valid`, () => {
    const text = sampleConfig({ lang, leaveOut: ['verbose', 'quiet', 'log-level'] });
    const inForce = text.replace(/^#([\w-]+: .)/gm, '$1');
    assert.notEqual(inForce, text);
    assert.deepEqual({ ...load(inForce) }, { ...DEFAULT_CONFIG, config: '/sample.yaml' });
  });
}

test('sampleConfig: given values are active, omitted options are absent', () => {
  const text = sampleConfig({ lang: 'en', values: { port: '443', host: '::' }, leaveOut: ['pid-file'] });
  const config = load(text);
  assert.equal(config.port, 443);
  assert.equal(config.host, '::');
  assert.ok(!text.includes('pid-file'));
});

test('sampleConfig: options that need a restart are marked', () => {
  const lines = sampleConfig({ lang: 'en' }).split('\n');
  assert.match(lines[lines.indexOf('port: 8080') - 1] ?? '', /\(restart\)$/);
  assert.doesNotMatch(lines[lines.indexOf('#max-connections: 1000') - 1] ?? '', /restart/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDigest, diffConfig } from './diff-config.ts';
import type { Option } from './option-types.ts';
import { configName, DEFAULT_CONFIG, OPTIONS, type RouterConfig } from './options.ts';

const changed = (values: Partial<RouterConfig>): RouterConfig => ({ ...DEFAULT_CONFIG, ...values });

test('diffConfig: equal configurations have no changes and the same digest', () => {
  assert.deepEqual(diffConfig(DEFAULT_CONFIG, changed({})), []);
  assert.equal(configDigest(DEFAULT_CONFIG), configDigest(changed({})));
});

test('diffConfig: changes are in table order and in their written form', () => {
  const next = changed({ stats: true, writeDeadlineMs: 5000, maxMessageBytes: 1024 ** 2, logFile: '/var/log/x' });
  assert.deepEqual(diffConfig(DEFAULT_CONFIG, next), [
    { key: 'max-message-bytes', from: '4MiB', to: '1MiB', reload: 'restart' },
    { key: 'write-deadline', from: '10s', to: '5s', reload: 'live' },
    { key: 'log-file', from: '', to: '/var/log/x', reload: 'live' },
    { key: 'stats', from: 'false', to: 'true', reload: 'live' },
  ]);
});

/** Another value of the option's type. */
function otherValue(option: Option): unknown {
  const value = DEFAULT_CONFIG[configName(option)];
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : `${value ?? ''}x`;
}

for (const option of OPTIONS as readonly Option[]) {
  const counts = option.scope === 'router';
  test(`diffConfig: a changed ${option.key} is ${counts ? 'reported' : 'ignored'}`, () => {
    const next = changed({ [configName(option)]: otherValue(option) });
    assert.deepEqual(
      diffConfig(DEFAULT_CONFIG, next).map(({ key }) => key),
      counts ? [option.key] : [],
    );
    assert.equal(configDigest(next) !== configDigest(DEFAULT_CONFIG), counts);
  });
}

test('diffConfig: tokens can be enabled and replaced at runtime, not disabled', () => {
  const classes = (from: string | null, to: string | null) =>
    diffConfig(changed({ authTokensFile: from }), changed({ authTokensFile: to })).map(({ reload }) => reload);
  assert.deepEqual(classes(null, 'a'), ['live']);
  assert.deepEqual(classes('a', 'b'), ['live']);
  assert.deepEqual(classes('a', null), ['restart']);
  const tokens = changed({ authTokensFile: 'a' });
  const access = changed({ accessFile: 'b' });
  const between = (from: RouterConfig, to: RouterConfig) => diffConfig(from, to).map(({ reload }) => reload);
  assert.deepEqual(between(access, DEFAULT_CONFIG), ['restart']);
  assert.deepEqual(between(changed({ authTokensFile: 'a', accessFile: 'b' }), DEFAULT_CONFIG), ['restart', 'restart']);
  assert.deepEqual(between(tokens, access), ['live', 'live'], 'one protection replaces the other');
});

test('diffConfig: TLS files apply to new connections, enabling or disabling TLS needs a restart', () => {
  const tls = changed({ tlsCert: 'a', tlsKey: 'b' });
  const classes = (from: RouterConfig, to: RouterConfig) => diffConfig(from, to).map(({ reload }) => reload);
  assert.deepEqual(classes(tls, { ...tls, tlsCert: 'c' }), ['newConnections']);
  assert.deepEqual(classes(DEFAULT_CONFIG, tls), ['restart', 'restart']);
  assert.deepEqual(classes(tls, DEFAULT_CONFIG), ['restart', 'restart']);
  assert.deepEqual(classes(tls, { ...tls, tlsClientCa: 'd' }), ['restart']);
  assert.deepEqual(classes({ ...tls, tlsClientCa: 'd' }, tls), ['restart']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateLegacy } from './legacy.ts';

const cases: readonly (readonly [string[], string[], number])[] = [
  [['--stop'], ['--daemon-stop'], 0],
  [['--status', '--json'], ['--daemon-status', '--json'], 0],
  [['--reload'], ['--daemon-reload'], 0],
  [['--cert-file', 'a.pem', '--key-file=a.key'], ['--tls-cert', 'a.pem', '--tls-key=a.key'], 0],
  [['-lerror', '-p8080'], ['-l', 'error', '-p', '8080'], 0],
  [['-d', '-l', 'error', '-l=info'], ['-d', '-l', 'error', '-l=info'], 0],
  [['--tls', '--port', '1'], ['--port', '1'], 1],
  [['--worker-threads', '4', '-d'], ['-d'], 1],
  [['--worker-threads=4', '-d'], ['-d'], 1],
  [['-t', 'http2', '-t=http2', '-thttp2'], [], 3],
  [['--transport', 'http2'], ['--transport', 'http2'], 0],
  [['--', '--stop'], ['--', '--stop'], 0],
  [['--constructor', '-'], ['--constructor', '-'], 0],
];
for (const [given, expected, warnings] of cases) {
  test(`translateLegacy: ${given.join(' ')}`, () => {
    const translated = translateLegacy(given, {});
    assert.deepEqual(translated.argv, expected);
    assert.equal(translated.warnings.length, warnings);
  });
}

test('translateLegacy: maps old variables unless the new one is set', () => {
  const mapped = translateLegacy([], { ROUTER_ENABLE_STATS: 'true', ROUTER_ENABLE_METRICS: 'true', HOME: '/x' });
  assert.deepEqual(mapped.env, { ROUTER_STATS: 'true', ROUTER_METRICS: 'true', HOME: '/x' });
  assert.equal(mapped.warnings.length, 2);
  const both = translateLegacy([], { ROUTER_ENABLE_STATS: 'true', ROUTER_STATS: 'false' });
  assert.deepEqual(both.env, { ROUTER_STATS: 'false' });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limitsOf } from '../src/app/core-dependencies.ts';
import { configName, DEFAULT_CONFIG, OPTIONS } from '../src/config/index.ts';

/** An option that a reload may change must be used somewhere; otherwise the reload reports a change without effect. */

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The sources of `folders` without tests and without `except`. */
function sourcesOf(folders: readonly string[], except: string): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== except)
        .map((file) => readFileSync(join(SRC, folder, file), 'utf8')),
    )
    .join('\n');
}

const APP = sourcesOf(['app', 'process', 'telemetry'], 'limits.ts');
const CORE = sourcesOf(['router', 'rpc', 'grpc'], 'interfaces.ts');
const LIMITS = Object.keys(limitsOf(DEFAULT_CONFIG));

/** Short forms of log levels: src/config/log-level.ts converts them to `logLevel`. */
const SHORTHANDS: readonly string[] = ['verbose', 'quiet'];

test('limits: each is used by the core', () => {
  for (const name of LIMITS) assert.match(CORE, new RegExp(`\\b${name}\\b`), `${name} is a limit that nothing reads`);
});

test('live options: each is a limit or used by the app', () => {
  const live = OPTIONS.filter(({ scope, reload }) => scope === 'router' && reload !== 'restart').filter(
    ({ key }) => !SHORTHANDS.includes(key),
  );
  assert.ok(live.length > 10);
  for (const option of live) {
    const name = configName(option);
    const isRead =
      LIMITS.includes(name) || new RegExp(`\\.${name}\\b|\\b${name}\\b[^;={}]*\\} = [\\w.]*config\\b`).test(APP);
    assert.ok(isRead, `--${option.key} may be changed by a reload, but nothing applies it`);
  }
});

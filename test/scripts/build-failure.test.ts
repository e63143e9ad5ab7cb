import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TempFolder } from '../support/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs release.sh of a small clone with a fake `npm`. */
function release(folder: TempFolder, npm: string, env: NodeJS.ProcessEnv = {}) {
  const [clone, bin, tmp] = ['clone', 'bin', 'tmp'].map((name) => folder.file(name)) as [string, string, string];
  for (const path of [clone, bin, tmp]) mkdirSync(path);
  cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(clone, 'package.json'));
  folder.write('bin/npm', `#!/bin/sh\n${npm}\n`, 0o755);
  const { status, stderr, stdout } = spawnSync('bash', [join(clone, 'scripts/release.sh')], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', PATH: `${bin}:${process.env.PATH}`, TMPDIR: tmp, ...env },
  });
  return { status, stderr, stdout, left: readdirSync(tmp), made: existsSync(join(clone, 'release')) };
}

test('a failed build: stops the release, prints the last lines of npm, leaves no files', () => {
  using folder = new TempFolder();
  const { status, stderr, stdout, left, made } = release(folder, 'echo "npm error network is down" >&2; exit 7');
  assert.deepEqual({ status, stdout, left, made }, { status: 1, stdout: '', left: [], made: false });
  assert.match(stderr, /^ {2}installing dependencies\n {4}npm error network is down\nThe build failed\./);
});

test('a failed later step: stops the release', () => {
  using folder = new TempFolder();
  const { status, stderr, left } = release(
    folder,
    'case "$*" in *"silent build"*) echo "error TS1005"; exit 2 ;; esac',
  );
  assert.deepEqual({ status, left }, { status: 1, left: [] });
  assert.match(stderr, /building the program\n {4}error TS1005\nThe build failed\./);
});

test('a build without a result: fails', () => {
  using folder = new TempFolder();
  const { status, stderr, left } = release(folder, 'exit 0');
  assert.deepEqual({ status, left }, { status: 1, left: [] });
  assert.match(stderr, /The build failed\./);
});

test('a long step: prints progress every few seconds', () => {
  using folder = new TempFolder();
  const { stderr } = release(folder, 'i=0; while [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); done; exit 1', {
    TICK_S: '1',
  });
  assert.match(stderr, /installing dependencies \(\d s so far\)\n/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TempFolder } from '../support/temp.ts';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));

/** Wrong command lines of the installation scripts and their error messages; refused before any other step. */
const MISTAKES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['backup', ['--output', './typo'], /--output \.\/typo: no such folder/],
  ['backup', ['--output', './typo/x.tar.gz'], /no such folder/],
  ['backup', ['--output=./typo'], /--output \.\/typo: no such folder/],
  ['backup', ['--output'], /--output needs a value/],
  ['backup', ['--lang', 'de'], /--lang must be en or ru, got de/],
  ['backup', ['--outptu', '.'], /unknown option: --outptu/],
  ['restore', ['--lang'], /--lang needs a value/],
  ['restore', ['--force', 'x.tar.gz'], /unknown option: --force/],
  ['restore', [], /^usage: sudo bash scripts\/restore\.sh/],
  ['install-production', ['--port', ''], /--port needs a value/],
  ['install-production', ['--port', '99999'], /a port must be 1\.\.65535, got 99999/],
  ['install-production', ['--lang', 'de'], /--lang must be en or ru, got de/],
  ['install-production', ['--purge'], /--purge requires --uninstall/],
];

for (const [script, args, said] of MISTAKES) {
  test(`${script}.sh ${args.join(' ')}: refused, with the usage and nothing written`, () => {
    using folder = new TempFolder();
    const { status, stderr, stdout } = spawnSync('bash', [`${SCRIPTS}/${script}.sh`, ...args], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    assert.deepEqual([status, stdout, readdirSync(folder.path)], [2, '', []]);
    assert.match(stderr, said);
    assert.match(stderr, /usage: sudo bash/);
  });
}

test('--lang: applies to error messages', () => {
  const { stderr } = spawnSync('bash', [`${SCRIPTS}/backup.sh`, '--lang', 'ru', '--output'], { encoding: 'utf8' });
  assert.match(stderr, /использование: sudo bash/);
});

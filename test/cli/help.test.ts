import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPTIONS, type Option } from '../../src/config/index.ts';
import { ROOT } from '../support/program.ts';
import { runCli, spawnCli } from './run-cli.ts';

const VISIBLE = (OPTIONS as readonly Option[]).filter(({ hidden }) => hidden !== true);

for (const [lang, args, env] of [
  ['en', ['--help'], {}],
  ['en', ['--help', '--lang', 'en'], { LC_ALL: 'ru_RU.UTF-8' }],
  ['ru', ['--help', '--lang=ru'], {}],
  ['ru', ['--help'], { LC_ALL: '', LC_MESSAGES: '', LANG: 'ru_RU.UTF-8' }],
] as const) {
  test(`${args.join(' ')} with ${JSON.stringify(env)}: lists every option in ${lang}`, async () => {
    const { code, stdout, stderr } = await runCli(args, { env });
    assert.equal(code, 0);
    assert.equal(stderr, '');
    // sentences are wrapped, so spaces do not count
    const text = stdout.replace(/\s+/g, ' ');
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    for (const option of VISIBLE) {
      assert.ok(text.includes(`--${option.key}`), option.key);
      assert.ok(text.includes(option.doc[lang]), option.doc[lang]);
    }
    for (const option of OPTIONS) if ('hidden' in option) assert.ok(!text.includes(`--${option.key} `), option.key);
  });
}

test('--help: is shown despite invalid arguments and fits 80 columns', async () => {
  const { code, stdout } = await runCli(['--port', 'x', '--colour', '--help']);
  assert.equal(code, 0);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('--version: prints only the package version', async () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
  assert.deepEqual(await runCli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help: a closed pipe is not an error', async () => {
  const child = spawnCli(['--help']);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout?.destroy();
  const [code] = await once(child, 'close');
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

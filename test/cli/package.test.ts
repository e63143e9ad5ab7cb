import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';

/** The files of a checkout; built in a copy, so that no other dist is changed. */
const SOURCES = ['package.json', 'tsconfig.json', 'LICENSE', 'README.md', 'src'];

const folder = new TempFolder();
const unpacked = folder.file('unpacked/package');
const { files, bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  files: readonly string[];
  bin: Readonly<Record<string, string>>;
  version: string;
};
let packed: readonly string[] = [];

before(() => {
  const checkout = folder.file('checkout');
  for (const name of [...SOURCES, ...files]) {
    if (name !== 'dist' && existsSync(join(ROOT, name)))
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  const env = { ...process.env, npm_config_loglevel: 'silent' };
  execFileSync('npm', ['pack', '--pack-destination', folder.path], { cwd: checkout, env, stdio: 'pipe' });
  const tarball = folder.file(`rpc-dart-router-${version}.tgz`);
  packed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  cpSync(tarball, folder.file('unpacked/t.tgz'));
  execFileSync('tar', ['-xzf', 't.tgz'], { cwd: folder.file('unpacked') });
  symlinkSync(join(ROOT, 'node_modules'), join(unpacked, 'node_modules'));
});
after(() => folder.remove());

test('the package: contains all files for users, no sources or tests', () => {
  for (const name of files) {
    assert.ok(
      packed.some((path) => path === `package/${name}` || path.startsWith(`package/${name}/`)),
      name,
    );
  }
  for (const name of ['LICENSE', 'README.md', 'package.json']) assert.ok(packed.includes(`package/${name}`), name);
  assert.deepEqual(
    packed.filter((path) => /^package\/(src|test|bench|node_modules)\/|\.test\.[jt]s$/.test(path)),
    [],
  );
});

test('the packed program: runs under both names', () => {
  assert.deepEqual(Object.keys(bin), ['rpc-dart-router', 'rpc_dart_router']);
  for (const [name, target] of Object.entries(bin)) {
    const program = join(unpacked, target);
    accessSync(program, constants.X_OK);
    // npm makes a link in a folder of the PATH
    const link = folder.file(name);
    symlinkSync(program, link);
    assert.equal(execFileSync(link, ['--version'], { encoding: 'utf8' }), `${version}\n`);
    assert.match(
      execFileSync(link, ['--check-config', '--lang=en'], { encoding: 'utf8' }),
      /# Configuration is valid\n$/,
    );
  }
});

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);
/** Text in the bundle whose replacement makes a start fail, but not `--check-config`. */
const BROKEN_AT = /RouterApp = class \{[\s\S]*?\n {2}async start\(\) \{/;

/** A release as a folder that was unpacked, and its archive. */
export interface Release {
  readonly folder: string;
  readonly archive: string;
  /** Name of this version in the installer. */
  readonly id: string;
}

/** The releases for the tests; all except the first are copies of it with one change. */
export interface Releases {
  readonly first: Release;
  readonly next: Release;
  /** Accepts every configuration, and ends as soon as it is started. */
  readonly broken: Release;
  /** npm's packages, for a build from a clone without a network. */
  readonly npmCache: string;
}

/** Builds a release like a user, in `folder`, and derives the others from it. */
export async function buildReleases(folder: string): Promise<Releases> {
  const npmCache = join(folder, 'npm-cache');
  mkdirSync(npmCache);
  await execute('npm', ['run', '--silent', 'release', '--', '--output', folder], {
    cwd: ROOT,
    env: { ...process.env, npm_config_cache: npmCache },
  });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error('npm run release made no archive');
  await execute('tar', ['-xzf', join(folder, archive), '-C', folder]);
  const unpacked = join(folder, archive.replace('.tar.gz', ''));
  const first = { folder: unpacked, archive: join(folder, archive), id: idOf(unpacked) };
  const next = await variant(first, '99.0.0', () => {});
  const broken = await variant(first, '99.0.1', (copy) => {
    const chunks = join(copy, 'dist/chunks');
    const files = readdirSync(chunks).map((name) => join(chunks, name));
    const file = files.find((path) => path.endsWith('.js') && BROKEN_AT.test(readFileSync(path, 'utf8')));
    if (file === undefined) throw new Error(`no ${BROKEN_AT} in ${chunks}: the variant would not be broken`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(BROKEN_AT, "$& throw new Error('broken for a test');"));
  });
  return { first, next, broken, npmCache };
}

function idOf(folder: string): string {
  const { id } = JSON.parse(readFileSync(join(folder, 'release.json'), 'utf8')) as { id: string };
  return id;
}

async function variant(of: Release, version: string, change: (folder: string) => void): Promise<Release> {
  const folder = `${of.folder}-${version}`;
  cpSync(of.folder, folder, { recursive: true, verbatimSymlinks: true });
  const manifest = join(folder, 'package.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`));
  change(folder);
  const script = '. "$1/scripts/lib/assemble.sh" && write_release_file "$2" "$1"';
  await execute('bash', ['-euc', script, 'bash', folder, ROOT]);
  return { folder, archive: '', id: idOf(folder) };
}
